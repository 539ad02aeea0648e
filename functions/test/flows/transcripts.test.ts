import type { ImportContext } from '../../src/core/imports/import-context.ts';
import { drive } from '../support/engine/drive.ts';
import {
  readCalls,
  readEngagements,
  readJob,
  readWholeImport,
  wholeImport,
  wholeImportOf,
} from '../support/engine/facts.ts';
import {
  createScriptedContext,
  idOf,
  listedCall,
  platformError,
  type ContextScript,
} from '../support/engine/scripted-context.ts';
import { speechError, type TranscriberScript } from '../support/engine/scripted-transcriber.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld } from '../support/engine/test-world.ts';

const calls = 3;
const sourceCalls = [idOf(0), idOf(1), idOf(2)];

async function run(script: Partial<ContextScript>, transcription: TranscriberScript = {}) {
  const context = createScriptedContext({ calls, ...script });
  const world = await openWorld({ context, transcription });
  const job = await startImport(world, { platform: 'fathom' });
  await drive(world);
  return { world, jobId: job.id };
}

const withoutTranscripts = { hasTranscript: () => false };

describe('a recording that its platform makes when it is asked for', () => {
  it('is asked for once: what the context noted of it comes back with the next try', async () => {
    const asked: string[] = [];
    const { world, jobId } = await run({
      calls: 1,
      onFetch: (id, hint) => {
        asked.push(`${id} ${hint ?? 'without a note'}`);
        if (hint === null) throw platformError('not_ready', { hint: 'download 1' });
        if (asked.length < 4) throw platformError('not_ready');
      },
    });
    expect(asked).toEqual([
      'call-0000 without a note',
      'call-0000 download 1',
      'call-0000 download 1',
      'call-0000 download 1',
    ]);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf([idOf(0)]));
    const [call] = await readCalls(world, jobId);
    expect(call?.hint).toBeNull();
  });
});

describe('a transcript that is late', () => {
  it('does not have the call asked for again, whose recording is stored', async () => {
    const fetched: string[] = [];
    let tries = 0;
    const { world, jobId } = await run({
      calls: 1,
      onFetch: (id) => void fetched.push(id),
      onTranscript: () => {
        tries += 1;
        if (tries < 3) throw platformError('not_ready');
      },
    });
    expect(fetched).toEqual([idOf(0)]);
    expect(tries).toBe(3);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf([idOf(0)]));
  });

  it('is asked for again, and the recording downloaded once', async () => {
    const asked = new Map<string, number>();
    const { world, jobId } = await run({
      onTranscript: (id) => {
        asked.set(id, (asked.get(id) ?? 0) + 1);
        if ((asked.get(id) ?? 0) <= 3) throw platformError('not_ready', { retryAfterMs: 600_000 });
      },
    });
    expect([...asked.values()]).toEqual([4, 4, 4]);
    expect(world.objects.mediaWrites).toBe(3);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
    const [call] = await readCalls(world, jobId);
    expect(call).toMatchObject({ failures: 0, notReady: 3 });
    expect(call?.attempts.map((attempt) => attempt.kind)).toEqual(Array(3).fill('not_ready'));
    expect(world.clock.now().getTime() - Date.parse('2025-11-20T10:17:23.456Z')).toBeGreaterThan(
      1_800_000,
    );
  });

  it('for ever leaves the call failed, to be retried', async () => {
    const { world, jobId } = await run({
      onTranscript: (id) => {
        if (id === idOf(1)) throw platformError('not_ready');
      },
    });
    const failed = (await readCalls(world, jobId)).find((call) => call.status === 'failed');
    expect(failed).toMatchObject({ sourceCallId: idOf(1), retryable: true, notReady: 11 });
    expect(await readJob(world, jobId)).toMatchObject({
      status: 'partial',
      totals: { imported: 2, failed: 1 },
    });
  });

  it('at Grain is waited for in the same way', async () => {
    const world = await openWorld({ calls: 3, faults: ['late-transcripts'] });
    const job = await startImport(world);
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(wholeImport(world));
  });
});

describe('a recording without a transcript', () => {
  it('is transcribed: started once, looked at when it is due, done', async () => {
    const { world, jobId } = await run(withoutTranscripts, { runs: 2 });
    expect(world.transcriber.started).toHaveLength(3);
    expect(world.transcriber.checks).toHaveLength(9);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
    const [engagement] = await readEngagements(world);
    expect(engagement?.transcript).toMatchObject({
      origin: 'speech',
      segmentCount: 2,
      preview: 'Hello from speech. Hello.',
    });
    const folder = `customers/customer-1/calls/${engagement?.id ?? ''}`;
    expect(await world.objects.readJson(`${folder}/transcript.json`)).toEqual({
      language: 'en-US',
      speakers: [
        { id: 'Speaker 1', name: null },
        { id: 'Speaker 2', name: null },
      ],
      segments: [
        { speakerId: 'Speaker 1', startMs: 0, endMs: 900, text: 'Hello from speech.' },
        { speakerId: 'Speaker 2', startMs: 900, endMs: 1_500, text: 'Hello.' },
      ],
    });
  });

  it.each(['onStart', 'onCheck'] as const)(
    'that can’t be transcribed (%s) is imported without one',
    async (at) => {
      const { world, jobId } = await run(withoutTranscripts, {
        [at]: () => speechError('bad_request'),
      });
      expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
      const engagements = await readEngagements(world);
      expect(engagements.map((one) => one.transcript)).toEqual([null, null, null]);
      expect(world.events.filter(({ name }) => name === 'transcriptMissing')).toHaveLength(3);
    },
  );

  it('whose operation the service lost is started again', async () => {
    const { world, jobId } = await run(withoutTranscripts, {
      onCheck: (operation) =>
        ['operations/1', 'operations/2', 'operations/3'].includes(operation)
          ? speechError('not_found')
          : null,
    });
    expect(world.transcriber.started).toHaveLength(6);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
    const engagements = await readEngagements(world);
    expect(engagements.map((one) => one.transcript?.origin)).toEqual(Array(3).fill('speech'));
  });

  it('whose operations are lost again and again is imported without one', async () => {
    const { world, jobId } = await run(withoutTranscripts, {
      onCheck: () => speechError('not_found'),
    });
    expect(world.transcriber.started).toHaveLength(9);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
    const engagements = await readEngagements(world);
    expect(engagements.map((one) => one.transcript)).toEqual([null, null, null]);
  });

  it('waits for a service that is down, without paying or downloading twice', async () => {
    let isDown = 0;
    const { world, jobId } = await run(withoutTranscripts, {
      onCheck: () => ((isDown += 1) <= 4 ? speechError('unavailable') : null),
    });
    expect(world.transcriber.started).toHaveLength(3);
    expect(world.objects.mediaWrites).toBe(3);
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
  });
});

describe('a recording', () => {
  it('whose link has expired is asked for once more', async () => {
    const opened: string[] = [];
    const { world, jobId } = await run({
      onMedia: (id) => {
        opened.push(id);
        if (opened.filter((one) => one === id).length === 1) throw platformError('not_found');
      },
    });
    expect(await readWholeImport(world, jobId)).toEqual(wholeImportOf(sourceCalls));
    expect(opened).toHaveLength(6);
  });

  it('whose call is gone is skipped', async () => {
    const { world, jobId } = await run({
      onFetch: (id) => {
        if (id === idOf(1)) throw platformError('not_found');
      },
    });
    expect(await readJob(world, jobId)).toMatchObject({
      status: 'completed',
      totals: { imported: 2, gone: 1, failed: 0 },
    });
    const skipped = (await readCalls(world, jobId)).find((call) => call.status === 'skipped');
    expect(skipped).toMatchObject({ reason: 'gone', sourceCallId: idOf(1) });
    expect(world.events.filter(({ name }) => name === 'callSkipped')).toHaveLength(1);
  });

  it.each(['stored', 'none'] as const)(
    'that is gone, and %s when asked again, is a call that is gone',
    async (again) => {
      const context = createScriptedContext({ calls: 1 });
      let fetches = 0;
      const world = await openWorld({
        context: {
          ...context,
          fetchCall: async (_credentials, { metadata }) => {
            fetches += 1;
            const isFirst = fetches === 1 && again === 'none';
            const url = { kind: 'url', url: 'https://media.example/x' } as const;
            const stored = { kind: 'stored', key: 'uploads/x' } as const;
            return { metadata, media: isFirst ? url : again === 'stored' ? stored : null };
          },
          openMedia: () => Promise.reject(platformError('not_found')),
        },
      });
      const job = await startImport(world, { platform: 'fathom' });
      await drive(world);
      expect(await readJob(world, job.id)).toMatchObject({ totals: { gone: 1, imported: 0 } });
    },
  );

  it('that never was makes an engagement without one', async () => {
    const context = createScriptedContext({ calls: 1 });
    const world = await openWorld({
      context: {
        ...context,
        fetchCall: async (_credentials, { metadata }) => ({ metadata, media: null }),
        getTranscript: async () => null,
      },
    });
    await startImport(world, { platform: 'fathom' });
    await drive(world);
    expect(await readEngagements(world)).toEqual([
      expect.objectContaining({ media: null, transcript: null }),
    ]);
  });

  it('of a platform that knows no transcripts is transcribed', async () => {
    const { getTranscript: _, ...context } = createScriptedContext({ calls: 1 });
    const world = await openWorld({ context });
    await startImport(world, { platform: 'fathom' });
    await drive(world);
    expect(world.transcriber.started).toHaveLength(1);
  });

  it('that fails every time is tried five times, and left failed and retryable', async () => {
    const { world, jobId } = await run({
      onMedia: (id) => {
        if (id === idOf(1)) throw platformError('unavailable');
      },
    });
    const failed = (await readCalls(world, jobId)).find((call) => call.status === 'failed');
    expect(failed).toMatchObject({ sourceCallId: idOf(1), retryable: true, failures: 5 });
    expect(failed?.attempts).toHaveLength(5);
    expect(world.thrown).toHaveLength(4);
  });

  it('that the platform limits waits as long as it says, and counts no failure', async () => {
    let limited = 0;
    const { world, jobId } = await run({
      onFetch: () => {
        if ((limited += 1) <= 6) throw platformError('rate_limited', { retryAfterMs: 30_000 });
      },
    });
    const found = await readCalls(world, jobId);
    expect(found.map((call) => [call.status, call.failures])).toEqual(
      Array(3).fill(['completed', 0]),
    );
    expect(world.thrown).toEqual([]);
  });
});

describe('a page with transcripts of its own', () => {
  it('brings them with the listing, so that only the others are asked for', async () => {
    const asked: string[] = [];
    const context = createScriptedContext({
      ...{ calls: 10, hydrates: true },
      onTranscript: (id) => void asked.push(id),
    });
    const world = await openWorld({ context });
    const job = await startImport(world, { platform: 'fathom' });
    await drive(world);
    expect(asked.sort()).toEqual([idOf(4), idOf(9)]);
    expect(await readJob(world, job.id)).toMatchObject({ totals: { imported: 10 } });
    const engagements = await readEngagements(world);
    expect(engagements.every((one) => one.transcript?.origin === 'platform')).toBe(true);
  });
});

describe('somebody who joined twice', () => {
  it('speaks by one id in the stored transcript, and the platform’s own is kept as it came', async () => {
    const scripted = createScriptedContext({ calls: 1 });
    const [ann, tom] = listedCall(0).metadata.participants;
    if (ann === undefined || tom === undefined) throw new Error('Two people talk.');
    const segments = ['again', 'b', 'a'].map((speakerId, index) => ({
      ...{ speakerId, startMs: index * 1000, endMs: index * 1000 + 900, text: 'Hello.' },
    }));
    const context: ImportContext = {
      ...scripted,
      fetchCall: async (...request) => {
        const { metadata, media } = await scripted.fetchCall(...request);
        const participants = [ann, tom, { ...ann, id: 'again' }];
        return { metadata: { ...metadata, participants }, media };
      },
      getTranscript: async () => ({
        transcript: { language: 'en', speakers: [{ id: 'again', name: 'Ann Lee' }], segments },
        original: { segments },
      }),
    };
    const world = await openWorld({ context });
    await startImport(world, { platform: 'fathom' });
    await drive(world);
    const [engagement] = await readEngagements(world);
    expect(engagement?.participants.map(({ speakerId }) => speakerId)).toEqual(['a', 'b']);
    const stored = await world.objects.readJson(engagement?.transcript?.key ?? '');
    expect(stored).toMatchObject({
      speakers: [{ id: 'a', name: 'Ann Lee' }],
      segments: [{ speakerId: 'a' }, { speakerId: 'b' }, { speakerId: 'a' }],
    });
    const original = await world.objects.readJson(engagement?.transcript?.sourceKey ?? '');
    expect(original).toEqual({ segments });
  });
});
