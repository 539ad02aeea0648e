import { Hono, type Context } from 'hono';
import { z } from 'zod';
import {
  createSlackChannels,
  type SlackChannel,
  type SlackChannels,
  type SlackMessage,
} from './slack-channel.ts';
import { toSlackPage } from './slack-page.ts';
import { findContentError } from './slack-rules.ts';

export type { SlackChannel, SlackMessage } from './slack-channel.ts';

type SlackMethod = 'chat.postMessage' | 'chat.update' | 'conversations.history';

/** What the next request of a method meets. */
export type SlackFault =
  /** An error of Slack's, in an answer of status 200. */
  | { readonly kind: 'error'; readonly error: string }
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** It is done, and the answer is lost. */
  | { readonly kind: 'lose_answer' }
  | { readonly kind: 'hang' };

export interface SlackSandboxOptions {
  readonly token: string;
  readonly channels: readonly SlackChannel[];
  readonly now: () => Date;
  /** Without `channels:history` the channel can't be searched. */
  readonly scopes?: readonly string[];
  /** Per channel; by default 1, as Slack has it. Null: no limit. */
  readonly postsPerSecond?: number | null;
  /** Over all channels; by default 50. Null: no limit. */
  readonly updatesPerMinute?: number | null;
  readonly onMessage?: (message: SlackMessage, change: 'posted' | 'edited') => void;
}

export interface SlackSandbox {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Oldest first, over all channels, as they are now. */
  messages(): readonly SlackMessage[];
  /** Faults of a method queue up. */
  failNext(method: SlackMethod, fault: SlackFault): void;
  requestCount(method: SlackMethod): number;
}

interface Slack {
  readonly options: SlackSandboxOptions;
  readonly scopes: readonly string[];
  readonly channels: SlackChannels;
  /** When what was taken of a rate limit, by its name: instants in milliseconds. */
  readonly taken: Map<string, readonly number[]>;
}

type Parameters = Readonly<Record<string, unknown>>;
type Answer = { readonly ok: true; readonly [field: string]: unknown } | Refusal;
type Refusal = { readonly ok: false; readonly error: string; readonly [field: string]: unknown };

/**
 * The three methods of Slack's Web API that the engine calls, and a page at `/` for a person who
 * wants to see the channel.
 * @see https://docs.slack.dev/apis/web-api/
 */
export function createSlackSandbox(options: SlackSandboxOptions): SlackSandbox {
  const slack: Slack = {
    options,
    scopes: options.scopes ?? ['chat:write', 'channels:history'],
    channels: createSlackChannels(options.channels, options.now),
    taken: new Map(),
  };
  const faults = new Map<SlackMethod, SlackFault[]>();
  const counts = new Map<SlackMethod, number>();
  const app = new Hono();

  for (const method of slackMethods) {
    app.post(`/api/${method}`, async (context) => {
      counts.set(method, (counts.get(method) ?? 0) + 1);
      const fault = faults.get(method)?.shift() ?? null;
      if (fault?.kind === 'hang') return hang(context.req.raw.signal);
      if (fault?.kind === 'http') {
        const { status, body = '', headers = {} } = fault;
        return new Response(body, { status, headers });
      }
      const answer =
        fault?.kind === 'error' ? refuse(fault.error) : await answerMethod(slack, method, context);
      if (fault?.kind === 'lose_answer') return new Response('', { status: 503 });
      if ('retryAfter' in answer) {
        const { retryAfter, ...body } = answer;
        return context.json(body, 429, { 'Retry-After': String(retryAfter) });
      }
      return context.json(answer, 200, { 'X-OAuth-Scopes': slack.scopes.join(',') });
    });
  }
  app.post('/api/:method', (context) => context.json(refuse('unknown_method')));
  app.get('/', (context) => {
    context.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
    return context.html(toSlackPage(options.channels, slack.channels.messages()));
  });

  return {
    fetch: async (request) => app.fetch(request),
    messages: () => slack.channels.messages(),
    failNext: (method, fault) => void faults.set(method, [...(faults.get(method) ?? []), fault]),
    requestCount: (method) => counts.get(method) ?? 0,
  };
}

const slackMethods: readonly SlackMethod[] = [
  'chat.postMessage',
  'chat.update',
  'conversations.history',
];

async function answerMethod(slack: Slack, method: SlackMethod, context: Context): Promise<Answer> {
  const parameters = await readParameters(context.req.raw);
  const authorization = context.req.header('Authorization') ?? '';
  const token = /^Bearer (.+)$/.exec(authorization)?.[1] ?? parameters['token'];
  if (token === undefined) return refuse('not_authed');
  if (token !== slack.options.token) return refuse('invalid_auth');
  const needed = method === 'conversations.history' ? 'channels:history' : 'chat:write';
  if (!slack.scopes.includes(needed)) {
    return { ...refuse('missing_scope'), needed, provided: slack.scopes.join(',') };
  }
  switch (method) {
    case 'chat.postMessage':
      return postMessage(slack, parameters);
    case 'chat.update':
      return update(slack, parameters);
    case 'conversations.history':
      return history(slack, parameters);
  }
}

/** JSON as it is; of a form, the fields that hold JSON are read as such. The SDK sends forms. */
async function readParameters(request: Request): Promise<Parameters> {
  const body = await request.text();
  if (request.headers.get('Content-Type')?.startsWith('application/json')) {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(body));
  }
  return Object.fromEntries(
    [...new URLSearchParams(body)].map(([name, value]) =>
      jsonFields.includes(name) ? [name, JSON.parse(value)] : [name, value],
    ),
  );
}

const jsonFields: readonly string[] = ['blocks', 'metadata'];

const Flag = z.union([z.boolean(), z.enum(['true', '1', 'false', '0'])]).transform(String);

const PostParameters = z.object({
  channel: z.string(),
  text: z.string().optional(),
  blocks: z.unknown().optional(),
  thread_ts: z.string().optional(),
  metadata: z.object({ event_type: z.string(), event_payload: z.looseObject({}) }).optional(),
});

function postMessage(slack: Slack, parameters: Parameters): Answer {
  const parsed = PostParameters.safeParse(parameters);
  if (!parsed.success) return refuse('invalid_arguments');
  const { text, blocks, thread_ts: threadTs, metadata } = parsed.data;
  const channel = slack.channels.find(parsed.data.channel);
  if (channel === null) return refuse('channel_not_found');
  const contentError = findContentError('chat.postMessage', { text, blocks });
  if (contentError !== null) return refuse(contentError);
  const { postsPerSecond = 1 } = slack.options;
  const limit = { name: `post ${channel.id}`, perWindow: postsPerSecond, windowMs: 1000 };
  if (!take(slack, limit)) return { ...refuse('ratelimited'), retryAfter: 1 };
  const message = slack.channels.post({
    channelId: channel.id,
    threadTs: threadTs ?? null,
    text: text ?? '',
    blocks,
    metadata: metadata ?? null,
  });
  slack.options.onMessage?.(message, 'posted');
  return { ok: true, channel: channel.id, ts: message.ts, message: toMessageBody(message) };
}

const UpdateParameters = z.object({
  channel: z.string(),
  ts: z.string(),
  text: z.string().optional(),
  blocks: z.unknown().optional(),
});

function update(slack: Slack, parameters: Parameters): Answer {
  const parsed = UpdateParameters.safeParse(parameters);
  if (!parsed.success) return refuse('invalid_arguments');
  const { channel: channelId, ts, text, blocks } = parsed.data;
  // Only the id that postMessage answered with: a name is no address here.
  if (slack.channels.find(channelId)?.id !== channelId) return refuse('channel_not_found');
  const contentError = findContentError('chat.update', { text, blocks });
  if (contentError !== null) return refuse(contentError);
  const { updatesPerMinute = 50 } = slack.options;
  const limit = { name: 'update', perWindow: updatesPerMinute, windowMs: 60_000 };
  if (!take(slack, limit)) return { ...refuse('ratelimited'), retryAfter: 10 };
  const message = slack.channels.edit({ channelId, ts }, { text, blocks });
  if (message === null) return refuse('message_not_found');
  slack.options.onMessage?.(message, 'edited');
  return { ok: true, channel: channelId, ts, text: message.text };
}

const HistoryParameters = z.object({
  channel: z.string(),
  limit: z.coerce.number().int().positive().max(999).default(100),
  cursor: z.string().optional(),
  include_all_metadata: Flag.optional(),
});

function history(slack: Slack, parameters: Parameters): Answer {
  const parsed = HistoryParameters.safeParse(parameters);
  if (!parsed.success) return refuse('invalid_arguments');
  const { channel: channelId, limit, cursor = '0' } = parsed.data;
  if (slack.channels.find(channelId)?.id !== channelId) return refuse('channel_not_found');
  const withMetadata = ['true', '1'].includes(parsed.data.include_all_metadata ?? 'false');
  // Newest first; answers in threads are not part of a channel's history.
  const all = slack.channels
    .messages(channelId)
    .filter((message) => message.threadTs === null)
    .toReversed();
  const start = Number(cursor);
  const next = start + limit < all.length ? String(start + limit) : '';
  const messages = all.slice(start, start + limit).map((message) => {
    const body = toMessageBody(message);
    return withMetadata && message.metadata ? { ...body, metadata: message.metadata } : body;
  });
  return {
    ok: true,
    messages,
    has_more: next !== '',
    response_metadata: { next_cursor: next },
  };
}

function toMessageBody(message: SlackMessage): Parameters {
  return {
    type: 'message',
    bot_id: 'B0SANDBOX',
    text: message.text,
    ts: message.ts,
    ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
    ...(message.blocks.length === 0 ? {} : { blocks: message.blocks }),
  };
}

function take(
  slack: Slack,
  limit: { name: string; perWindow: number | null; windowMs: number },
): boolean {
  if (limit.perWindow === null) return true;
  const nowMs = slack.options.now().getTime();
  const recent = (slack.taken.get(limit.name) ?? []).filter((ms) => nowMs - ms < limit.windowMs);
  const isFree = recent.length < limit.perWindow;
  slack.taken.set(limit.name, isFree ? [...recent, nowMs] : recent);
  return isFree;
}

function refuse(error: string): Refusal {
  return { ok: false, error };
}

function hang(signal: AbortSignal): Promise<Response> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(new Response(null, { status: 499 })));
  });
}
