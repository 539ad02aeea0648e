import { findContentError } from '../../../local/sandboxes/slack/slack-rules.ts';
import { jobStatuses } from '../../core/imports/import-job.ts';
import { toJobEndMessage, toJobMessage, type JobMessageView } from './job-message.ts';

const view: JobMessageView = {
  jobId: 'job1',
  customerId: 'acme',
  platformName: 'Gong',
  status: 'in_progress',
  totalCalls: 1200,
  processedCalls: 318,
  importedCalls: 300,
  failedCalls: 2,
  skippedCalls: 6,
  duplicateCalls: 10,
  startedAt: new Date('2026-01-05T20:00:00Z'),
  endedAt: null,
  callsPerSecond: 2.53,
  remainingSeconds: 349,
  limitedUntil: null,
  lastError: null,
  requestedBy: 'sam@support.test',
  statusUrl: 'https://app.test/jobs/job1',
};

/** Every text of a message, in the order in which it is read. */
function texts(message: ReturnType<typeof toJobMessage>): readonly string[] {
  return (
    JSON.stringify(message.blocks)
      .match(/(?<="text":)"(?:[^"\\]|\\.)*"/g)
      ?.map((text) => String(JSON.parse(text))) ?? []
  );
}

it('shows a running job whole', () => {
  expect(toJobMessage(view)).toEqual({
    text: '🔄 Gong import in progress for acme: 318 of 1,200 calls (26 %)',
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: '🔄 Gong import in progress', emoji: true },
      },
      {
        type: 'section',
        text: {
          type: 'mrkdwn',
          text: '*Customer* acme · *Job* job1 · <https://app.test/jobs/job1|Open the job>',
          verbatim: true,
        },
      },
      {
        type: 'section',
        text: {
          type: 'mrkdwn',
          text:
            '`█████░░░░░░░░░░░░░░░`\n318 of 1,200 calls (26 %)\n' +
            '2.5 calls/s · about 6 min left',
          verbatim: true,
        },
      },
      {
        type: 'section',
        fields: [
          { type: 'mrkdwn', text: '*Imported* 300', verbatim: true },
          { type: 'mrkdwn', text: '*Failed* 2', verbatim: true },
          { type: 'mrkdwn', text: '*Skipped* 6', verbatim: true },
          { type: 'mrkdwn', text: '*Duplicates* 10', verbatim: true },
        ],
      },
      {
        type: 'section',
        text: {
          type: 'mrkdwn',
          text: '*What to do* Nothing: it goes on by itself.',
          verbatim: true,
        },
      },
      {
        type: 'context',
        elements: [
          {
            type: 'mrkdwn',
            text:
              'Requested by sam@support.test · started ' +
              '<!date^1767643200^{date_short_pretty} {time}|2026-01-05 20:00 UTC>',
            verbatim: true,
          },
        ],
      },
    ],
  });
});

describe('each status', () => {
  const table: Readonly<Record<JobMessageView['status'], readonly [string, string]>> = {
    queued: ['⏳ Gong import queued', 'Nothing: it starts by itself.'],
    counting: ['🔎 Gong import counting calls', 'Nothing: it goes on by itself.'],
    in_progress: ['🔄 Gong import in progress', 'Nothing: it goes on by itself.'],
    paused: [
      '⏸️ Gong import paused',
      'Resume it with `POST /admin/imports/job1/resume`, or end it with ' +
        '`DELETE /admin/imports/job1`.',
    ],
    completed: ['✅ Gong import completed', 'Nothing: every call is accounted for.'],
    partial: [
      '⚠️ Gong import ended with calls missing',
      'See `GET /admin/imports/job1/report` for what is missing and why; try the failed calls ' +
        'again with `POST /admin/imports/job1/retry`.',
    ],
    failed: [
      '❌ Gong import failed',
      'Put right what the error says, then `POST /admin/imports/job1/retry`; with new ' +
        'credentials, start a new import: calls that are here already are not brought over twice.',
    ],
    cancelled: [
      '🚫 Gong import cancelled',
      'Nothing: imported calls stay, and a new import goes on with the rest.',
    ],
  };

  it.each(jobStatuses)('%s has its own title and says what to do', (status) => {
    const [title, next] = table[status];
    for (const message of [
      toJobMessage({ ...view, status }),
      toJobEndMessage({ ...view, status }),
    ]) {
      expect(texts(message)).toContain(title);
      expect(texts(message)).toContain(`*What to do* ${next}`);
      expect(message.text).toBe(`${title} for acme: 318 of 1,200 calls (26 %)`);
      expect(findContentError('chat.update', message)).toBeNull();
    }
  });

  it.each(['paused', 'completed', 'cancelled'] as const)('%s tells no pace', (status) => {
    expect(JSON.stringify(toJobMessage({ ...view, status }))).not.toContain('calls/s');
  });
});

describe('progress', () => {
  const table: readonly (readonly [Partial<JobMessageView>, string])[] = [
    [{ totalCalls: null }, '318 calls, total not known yet\n2.5 calls/s · about 6 min left'],
    [{ totalCalls: 0, processedCalls: 0 }, 'no calls in range\n2.5 calls/s · about 6 min left'],
    [{ processedCalls: 1199, ...noPace() }, '`███████████████████░`\n1,199 of 1,200 calls (99 %)'],
    [{ processedCalls: 1200, ...noPace() }, '`████████████████████`\n1,200 of 1,200 calls (100 %)'],
    [{ processedCalls: 1300, ...noPace() }, '`████████████████████`\n1,300 of 1,200 calls (100 %)'],
    [
      { totalCalls: 12, processedCalls: 0, ...noPace() },
      '`░░░░░░░░░░░░░░░░░░░░`\n0 of 12 calls (0 %)',
    ],
    [
      { totalCalls: null, callsPerSecond: 0.3, remainingSeconds: null },
      '318 calls, total not known yet\n18 calls/min',
    ],
    [
      { totalCalls: null, ...noPace(), limitedUntil: new Date('2026-01-06T04:12:00Z') },
      '318 calls, total not known yet\nlimited by the platform until ' +
        '<!date^1767672720^{date_short_pretty} {time}|2026-01-06 04:12 UTC>',
    ],
  ];

  it.each(table)('%j', (change, text) => {
    expect(texts(toJobMessage({ ...view, ...change }))).toContain(text);
  });

  it.each([
    [20, 'less than a minute'],
    [95, '2 min'],
    [3600, '1 h 0 min'],
    [7500, '2 h 5 min'],
    [100_000, '1 d 3 h'],
  ])('of %i s takes %s', (seconds, text) => {
    const ending = toJobEndMessage({
      ...view,
      status: 'completed',
      endedAt: new Date(Date.parse('2026-01-05T20:00:00Z') + seconds * 1000),
    });
    expect(texts(ending).at(-1)).toMatch(new RegExp(`took ${text}$`));
  });

  it('is not shown of a job that waits', () => {
    const waiting = { ...view, ...noPace(), totalCalls: null, processedCalls: 0, startedAt: null };
    const message = toJobMessage({ ...waiting, status: 'queued' });
    expect(message.text).toBe('⏳ Gong import queued for acme');
    expect(texts(message).at(-1)).toBe('Requested by sam@support.test');
  });
});

function noPace() {
  return { callsPerSecond: null, remainingSeconds: null };
}

describe('values of others', () => {
  const hostile: JobMessageView = {
    ...view,
    jobId: '`<!here>`',
    customerId: '<!channel>',
    platformName: '<!everyone>',
    requestedBy: '<@U1|boss>\n*Imported* 9999',
    lastError: 'call "<!channel>"\n> & <https://evil.test|click me>',
    statusUrl: 'https://app.test/<!channel>|x',
  };

  it('ping nobody and make no link', () => {
    for (const message of [toJobMessage(hostile), toJobEndMessage(hostile)]) {
      const shown = [message.text, ...texts(message)].join('\n');
      expect(shown).not.toMatch(/<[!@#](?!date)/);
      expect([...shown.matchAll(/<(https?:[^|>]*)/g)].map((match) => match[1])).toEqual([
        'https://app.test/%3C!channel%3E%7Cx',
      ]);
    }
  });

  it('stay on their line', () => {
    const shown = texts(toJobMessage(hostile));
    expect(shown).toContain(
      '*Last error*\n> call "&lt;!channel&gt;" &gt; &amp; &lt;https://evil.test|click me&gt;',
    );
    expect(shown.at(-1)).toMatch(/^Requested by &lt;@U1\|boss&gt; \*Imported\* 9999 · started /);
  });

  it('do not end the code that a path stands in', () => {
    const message = toJobMessage({ ...hostile, status: 'paused' });
    expect(texts(message)).toContain(
      '*What to do* Resume it with `POST /admin/imports/&lt;!here&gt;/resume`, or end it with ' +
        '`DELETE /admin/imports/&lt;!here&gt;`.',
    );
  });

  it.each([
    ['ampersands', '&'],
    ['people of several code points', '👩‍🚀'],
    ['letters', 'x'],
  ])('may be endless %s: every limit of Slack is kept', (_name, character) => {
    const endless = character.repeat(20_000);
    const huge: JobMessageView = {
      ...view,
      status: 'failed',
      jobId: endless,
      customerId: endless,
      platformName: endless,
      requestedBy: endless,
      lastError: endless,
      statusUrl: `https://app.test/${endless}`,
      totalCalls: Number.MAX_SAFE_INTEGER,
    };
    for (const message of [toJobMessage(huge), toJobEndMessage(huge)]) {
      expect(findContentError('chat.update', message)).toBeNull();
      expect(JSON.stringify(message.blocks).length).toBeLessThan(13_200);
    }
  });
});
