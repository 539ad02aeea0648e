import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { serve, type ServerType } from '@hono/node-server';
import {
  createSlackSandbox,
  type SlackFault,
  type SlackSandbox,
  type SlackSandboxOptions,
} from '../../../local/sandboxes/slack/slack-sandbox.ts';
import type { ErrorKind, ImportError } from '../../core/errors.ts';
import type { Messenger, PostedMessage } from '../../core/ports.ts';
import { createSlackMessenger, type SlackMessengerOptions } from './slack-messenger.ts';

const token = 'xoxb-sandbox-secret';
const channel = { id: 'C0IMPORTS', name: 'imports' };
const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const message = { text: 'Import: 1 of 2', blocks: [section('*Import* 1 of 2')] };
const draft = { ...message, threadId: null, reference: 'job1' };

let now: Date;
let sandbox: SlackSandbox;
let messenger: Messenger;
let server: ServerType;
const changes: string[] = [];

function createSandbox(overrides: Partial<SlackSandboxOptions> = {}): SlackSandbox {
  return createSlackSandbox({
    token,
    channels: [channel, { id: 'C0OTHER', name: 'other' }],
    now: () => now,
    postsPerSecond: null,
    updatesPerMinute: null,
    onMessage: ({ text }, change) => void changes.push(`${change}: ${text}`),
    ...overrides,
  });
}

function baseUrl(): string {
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

function connect(overrides: Partial<SlackMessengerOptions> = {}): Messenger {
  const apiUrl = `${baseUrl()}/api/`;
  return createSlackMessenger({
    token,
    channel: channel.id,
    apiUrl,
    timeoutMs: 2000,
    ...overrides,
  });
}

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server = serve({ fetch: (request) => sandbox.fetch(request), port: 0 }, () => resolve());
  });
});

afterAll(async () => {
  await new Promise((resolve) => {
    server.close(resolve);
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
});

beforeEach(() => {
  now = new Date('2026-01-05T20:00:00Z');
  changes.length = 0;
  sandbox = createSandbox();
  messenger = connect();
});

describe('post', () => {
  it('leaves a message with its reference in the channel, and says where', async () => {
    await expect(messenger.post(draft)).resolves.toEqual({
      channelId: 'C0IMPORTS',
      messageId: '1767643200.000001',
    });
    expect(sandbox.messages()).toEqual([
      {
        channelId: 'C0IMPORTS',
        ts: '1767643200.000001',
        threadTs: null,
        text: 'Import: 1 of 2',
        blocks: [section('*Import* 1 of 2')],
        metadata: { event_type: 'import_notification', event_payload: { reference: 'job1' } },
        editCount: 0,
      },
    ]);
    expect(changes).toEqual(['posted: Import: 1 of 2']);
  });

  it('answers in a thread', async () => {
    const { messageId } = await messenger.post(draft);
    await messenger.post({ ...draft, reference: 'job1:detail', threadId: messageId });

    expect(sandbox.messages().at(-1)).toMatchObject({ threadTs: messageId });
  });

  it('finds a channel by its name and names its id', async () => {
    await expect(connect({ channel: '#imports' }).post(draft)).resolves.toMatchObject({
      channelId: 'C0IMPORTS',
    });
  });
});

describe('edit', () => {
  it('changes text and blocks in place', async () => {
    const posted = await messenger.post(draft);
    await messenger.edit(posted, { text: 'Import: 2 of 2', blocks: [section('Done')] });

    expect(sandbox.messages()).toHaveLength(1);
    expect(sandbox.messages()[0]).toMatchObject({
      ts: posted.messageId,
      text: 'Import: 2 of 2',
      blocks: [section('Done')],
      editCount: 1,
    });
    expect(changes).toEqual(['posted: Import: 1 of 2', 'edited: Import: 2 of 2']);
  });

  it('of a message that is gone is not_found', async () => {
    const posted: PostedMessage = { channelId: 'C0IMPORTS', messageId: '1.000009' };
    await expect(messenger.edit(posted, message)).rejects.toMatchObject({ kind: 'not_found' });
  });
});

describe('findPosted', () => {
  it('finds what was posted before a crash could store where', async () => {
    sandbox.failNext('chat.postMessage', { kind: 'lose_answer' });
    await expect(messenger.post(draft)).rejects.toMatchObject({ kind: 'unavailable' });

    const found = await connect().findPosted('job1');
    expect(found).toEqual({ channelId: 'C0IMPORTS', messageId: '1767643200.000001' });
    if (found) await messenger.edit(found, { ...message, text: 'Import: 2 of 2' });
    expect(sandbox.messages()).toHaveLength(1);
    expect(sandbox.messages()[0]?.text).toBe('Import: 2 of 2');
  });

  it('finds nothing under another reference', async () => {
    await messenger.post(draft);
    await expect(messenger.findPosted('job2')).resolves.toBeNull();
  });

  it('does not take another kind of message of the same payload', async () => {
    const metadata = { event_type: 'deployment', event_payload: { reference: 'job1' } };
    await api('chat.postMessage', { channel: channel.id, text: 'other', metadata });
    await expect(messenger.findPosted('job1')).resolves.toBeNull();
  });

  it('looks through older pages, up to 1,000 messages back', async () => {
    await messenger.post(draft);
    for (let count = 0; count < 999; count += 1) {
      await direct('chat.postMessage', { channel: channel.id, text: 'other' });
    }
    await expect(messenger.findPosted('job1')).resolves.toMatchObject({
      messageId: '1767643200.000001',
    });
    expect(sandbox.requestCount('conversations.history')).toBe(5);

    await direct('chat.postMessage', { channel: channel.id, text: 'other' });
    await expect(messenger.findPosted('job1')).resolves.toBeNull();
    expect(sandbox.requestCount('conversations.history')).toBe(10);
  });

  it('is null without the scope to look', async () => {
    sandbox = createSandbox({ scopes: ['chat:write'] });
    await messenger.post(draft);
    await expect(messenger.findPosted('job1')).resolves.toBeNull();
  });

  it.each(['no_permission', 'access_denied', 'not_in_channel', 'channel_not_found'])(
    'is null when Slack says %s',
    async (error) => {
      sandbox.failNext('conversations.history', { kind: 'error', error });
      await expect(messenger.findPosted('job1')).resolves.toBeNull();
    },
  );

  it('throws when it could not look: a second message would be worse', async () => {
    sandbox.failNext('conversations.history', { kind: 'http', status: 503 });
    await expect(messenger.findPosted('job1')).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('limits', () => {
  it('of one message a second are told with the wait, and nothing is tried again', async () => {
    sandbox = createSandbox({ postsPerSecond: 1 });
    await messenger.post(draft);
    await expect(messenger.post({ ...draft, reference: 'job2' })).rejects.toMatchObject({
      kind: 'rate_limited',
      retryable: true,
      retryAfterMs: 1000,
      status: 429,
    });
    expect(sandbox.requestCount('chat.postMessage')).toBe(2);

    now = new Date(now.getTime() + 1000);
    await expect(messenger.post({ ...draft, reference: 'job2' })).resolves.toBeDefined();
  });

  it('of edits a minute count over all channels', async () => {
    sandbox = createSandbox({ updatesPerMinute: 1 });
    const posted = await messenger.post(draft);
    await messenger.edit(posted, message);
    await expect(messenger.edit(posted, message)).rejects.toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 10_000,
    });
  });

  it.each([
    ['0', 1000],
    ['30', 30_000],
    ['999999999', 3_600_000],
    ['-5', 1000],
    ['soon', null],
    [null, null],
  ])('with a Retry-After of %s wait %s ms', async (retryAfter, retryAfterMs) => {
    const headers: Record<string, string> =
      retryAfter === null ? {} : { 'Retry-After': retryAfter };
    sandbox.failNext('chat.postMessage', { kind: 'http', status: 429, headers });
    await expect(messenger.post(draft)).rejects.toMatchObject({
      kind: 'rate_limited',
      retryAfterMs,
      status: 429,
    });
  });
});

describe('an error of Slack', () => {
  const table: Readonly<Record<string, readonly [ErrorKind, boolean]>> = {
    ratelimited: ['rate_limited', true],
    rate_limited: ['rate_limited', true],
    message_limit_exceeded: ['rate_limited', true],
    fatal_error: ['unavailable', true],
    internal_error: ['unavailable', true],
    service_unavailable: ['unavailable', true],
    request_timeout: ['unavailable', true],
    update_failed: ['unavailable', true],
    invalid_auth: ['auth_invalid', false],
    not_authed: ['auth_invalid', false],
    account_inactive: ['auth_invalid', false],
    token_revoked: ['auth_invalid', false],
    token_expired: ['auth_invalid', false],
    missing_scope: ['auth_invalid', false],
    no_permission: ['auth_invalid', false],
    access_denied: ['auth_invalid', false],
    channel_not_found: ['not_found', false],
    is_archived: ['not_found', false],
    not_in_channel: ['not_found', false],
    restricted_action: ['not_found', false],
    restricted_action_read_only_channel: ['not_found', false],
    messages_tab_disabled: ['not_found', false],
    message_not_found: ['not_found', false],
    cant_update_message: ['not_found', false],
    edit_window_closed: ['not_found', false],
    is_inactive: ['not_found', false],
    something_new: ['contract', false],
  };

  it.each(Object.entries(table))('%s is %j', async (error, [kind, retryable]) => {
    sandbox.failNext('chat.update', { kind: 'error', error });
    const posted = { channelId: channel.id, messageId: '1.000001' };
    const edited = messenger.edit(posted, message);

    await expect(edited).rejects.toMatchObject({ source: 'slack', kind, retryable });
    await expect(edited).rejects.toThrow(error);
    expect(sandbox.requestCount('chat.update')).toBe(1);
  });

  const answers: readonly (readonly [string, SlackFault, ErrorKind])[] = [
    ['503', { kind: 'http', status: 503 }, 'unavailable'],
    ['500', { kind: 'http', status: 500, body: '<html>' }, 'unavailable'],
    ['408', { kind: 'http', status: 408 }, 'unavailable'],
    ['404', { kind: 'http', status: 404 }, 'contract'],
    ['a page', { kind: 'http', status: 200, body: '<html>no</html>' }, 'contract'],
    ['an answer without ts', { kind: 'http', status: 200, body: '{"ok":true}' }, 'contract'],
    ['no answer in time', { kind: 'hang' }, 'unavailable'],
  ];

  it.each(answers)('%s is told apart', async (_name, fault, kind) => {
    sandbox.failNext('chat.postMessage', fault);
    await expect(connect({ timeoutMs: 50 }).post(draft)).rejects.toMatchObject({ kind });
    expect(sandbox.requestCount('chat.postMessage')).toBe(1);
  });

  it('is unavailable when nobody listens', async () => {
    const nobody = connect({ apiUrl: 'http://127.0.0.1:9/api/' });
    await expect(nobody.post(draft)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('of a wrong token does not show the token', async () => {
    const failure: unknown = await connect({ token: 'xoxb-wrong' })
      .post(draft)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'auth_invalid' });
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain('xoxb');
  });

  it('of a missing scope names the scope', async () => {
    sandbox = createSandbox({ scopes: ['channels:history'] });
    await expect(messenger.post(draft)).rejects.toMatchObject({
      kind: 'auth_invalid',
      publicMessage: expect.stringContaining('The scope chat:write is missing.'),
    });
  });
});

describe('content that Slack refuses', () => {
  const codes = [
    'block_mismatch',
    'invalid_blocks',
    'invalid_blocks_format',
    'msg_blocks_too_long',
    'msg_too_long',
    'no_text',
    'metadata_too_large',
  ];

  it.each(codes)('with %s goes out as short plain text, and we are told', async (error) => {
    const refusals: ImportError[] = [];
    const told = connect({ onContentRefused: (refusal) => void refusals.push(refusal) });
    sandbox.failNext('chat.postMessage', { kind: 'error', error });
    await told.post({ ...draft, text: 'x'.repeat(5000) });

    expect(sandbox.messages()).toHaveLength(1);
    expect(sandbox.messages()[0]).toMatchObject({ text: `${'x'.repeat(999)}…`, blocks: [] });
    expect(refusals).toEqual([expect.objectContaining({ kind: 'internal', retryable: false })]);
  });

  it('for real: a header that is too long', async () => {
    const header = { type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } };
    const posted = await messenger.post(draft);
    await messenger.edit(posted, { text: 'Import', blocks: [header] });
    expect(sandbox.messages()[0]).toMatchObject({ text: 'Import', blocks: [] });
  });

  it('even as plain text is our bug', async () => {
    sandbox.failNext('chat.postMessage', { kind: 'error', error: 'invalid_blocks' });
    sandbox.failNext('chat.postMessage', { kind: 'error', error: 'no_text' });
    await expect(messenger.post(draft)).rejects.toMatchObject({
      kind: 'internal',
      retryable: false,
    });
    expect(sandbox.requestCount('chat.postMessage')).toBe(2);
  });
});

describe('the sandbox', () => {
  it('takes JSON too', async () => {
    await expect(
      api('chat.postMessage', { channel: '#imports', text: 'hello' }),
    ).resolves.toMatchObject({ ok: true, channel: 'C0IMPORTS', message: { text: 'hello' } });
  });

  it('needs a token', async () => {
    const response = await fetch(`${baseUrl()}/api/chat.postMessage`, { method: 'POST' });
    expect(response.status).toBe(200);
    await expect(response.json()).resolves.toEqual({ ok: false, error: 'not_authed' });
  });

  it('takes the blocks away when an edit has only text', async () => {
    const { channelId, messageId } = await messenger.post(draft);
    await api('chat.update', { channel: channelId, ts: messageId, text: 'plain' });
    expect(sandbox.messages()[0]).toMatchObject({ text: 'plain', blocks: [] });
  });

  it('edits by the id of a channel only', async () => {
    const { messageId } = await messenger.post(draft);
    await expect(
      api('chat.update', { channel: '#imports', ts: messageId, text: 'plain' }),
    ).resolves.toMatchObject({ ok: false, error: 'channel_not_found' });
  });

  it('shows the channel on a page, with threads, and nothing of it is code', async () => {
    const { messageId } = await messenger.post({
      ...draft,
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'A &amp; <script>alert(1)</script>' } },
        section('*bold* `code`\n<https://app.test/?a=1&amp;b="2"|Open> <!date^1^{time}|noon>'),
        section('<!channel> &lt;img src=x onerror=alert(1)&gt; <javascript:alert(1)|no>'),
      ],
    });
    await messenger.post({ ...draft, blocks: [], threadId: messageId, text: 'in the thread' });
    const response = await fetch(baseUrl());
    const page = await response.text();

    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    expect(page).toContain('<h1># imports</h1>');
    expect(page).toContain('<h2>A &amp; &lt;script&gt;alert(1)&lt;/script&gt;</h2>');
    expect(page).toContain('<b>bold</b> <code>code</code><br />');
    expect(page).toContain('href="https://app.test/?a=1&amp;b=&quot;2&quot;"');
    expect(page).toContain('noon');
    expect(page).toContain('<mark>PING !channel</mark> &lt;img src=x onerror=alert(1)&gt;');
    expect(page).not.toMatch(/<script|<img|href="javascript/);
    expect(page).toContain('in the thread');
    expect(page).toContain('http-equiv="refresh"');
  });

  it('has a page before there are messages', async () => {
    expect(await (await fetch(baseUrl())).text()).toContain('No messages yet.');
  });
});

async function api(method: string, body: Readonly<Record<string, unknown>>): Promise<unknown> {
  const response = await fetch(`${baseUrl()}/api/${method}`, toRequestInit(body));
  return response.json();
}

/** Without a socket, for a thousand messages. */
async function direct(method: string, body: Readonly<Record<string, unknown>>): Promise<void> {
  await sandbox.fetch(new Request(`http://slack.test/api/${method}`, toRequestInit(body)));
}

function toRequestInit(body: Readonly<Record<string, unknown>>): RequestInit {
  return {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json; charset=utf-8',
    },
    body: JSON.stringify(body),
  };
}
