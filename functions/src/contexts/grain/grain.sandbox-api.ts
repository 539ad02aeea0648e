import type { Context, Hono, MiddlewareHandler } from 'hono';
import type { z } from 'zod';
import type { GrainAccount } from './grain.sandbox-account.ts';
import type { GrainFaults } from './grain.sandbox-faults.ts';
import type { LinkSigner } from '../testing/sandbox-links.ts';
import { teamsOf, usersOf } from './grain.sandbox-recording.ts';
import type { SandboxRecording } from './grain.sandbox-recording.ts';
import {
  EmptyBody,
  ListBody,
  RecordingBody,
  createMatcher,
  toAnswer,
  toMs,
} from './grain.sandbox-schema.ts';
import type { Filter } from './grain.sandbox-schema.ts';
import { toTranscript } from './grain.sandbox-transcript.ts';
import { createSlidingWindow } from '../testing/sandbox-window.ts';
import { parseListCursor, toListCursor } from '../testing/sandbox-list-cursor.ts';

interface GrainApiOptions {
  readonly account: GrainAccount;
  readonly links: LinkSigner;
  readonly faults: GrainFaults;
  readonly seed: number;
  readonly now: () => Date;
  readonly apiKey: string;
  readonly requestsPerMinute: number;
  readonly pageSize: number;
  readonly mediaOriginOf: (request: Request) => string;
  readonly onLimitHit: () => void;
}

const basePath = '/_/public-api';
const apiVersion = '2025-10-31';

/** Adds the routes of Grain's public API v2 and what stands before all of them. */
export function addGrainApi(app: Hono, options: GrainApiOptions): void {
  app.use(`${basePath}/*`, createGate(options));
  const { account, seed } = options;
  const v2 = `${basePath}/v2`;
  app.post(`${v2}/users`, async (c) => {
    const body = await readBody(c, EmptyBody);
    return body instanceof Response ? body : c.json({ users: usersOf(seed) });
  });
  app.post(`${v2}/teams`, async (c) => {
    const body = await readBody(c, EmptyBody);
    return body instanceof Response ? body : c.json({ teams: teamsOf(seed) });
  });
  let cursorsSent = 0;
  app.post(`${v2}/recordings`, async (c) => {
    const body = await readBody(c, ListBody);
    if (body instanceof Response) return body;
    const expiry = options.faults['expired-cursors'];
    if (typeof body.cursor === 'string') cursorsSent += 1;
    const isExpired = expiry !== null && cursorsSent % expiry === 0;
    if (isExpired && typeof body.cursor === 'string') return refuse(c, 400, 'cursor: has expired');
    return answerList(c, { ...options, body });
  });
  app.post(`${v2}/recordings/:id`, async (c) => {
    const body = await readBody(c, RecordingBody);
    if (body instanceof Response) return body;
    const recording = account.find(c.req.param('id'));
    if (recording === null) return refuse(c, 404, 'Recording not found');
    return c.json(toAnswer(recording.record, body.include));
  });
  addTranscript(app, options);
  addDownload(app, options);
  app.notFound((c) => refuse(c, 404, 'Not found'));
}

/** Authentication, version, limits and faults, in the order in which Grain can know of them. */
function createGate(options: GrainApiOptions): MiddlewareHandler {
  const { faults } = options;
  const takeSlot = createSlidingWindow({ limit: options.requestsPerMinute, now: options.now });
  let asked = 0;
  return async (c, next) => {
    if (c.req.header('authorization') !== `Bearer ${options.apiKey}`) {
      return refuse(c, 401, 'Invalid or missing access token');
    }
    const slot = takeSlot();
    c.header('x-ratelimit-limit', String(options.requestsPerMinute));
    c.header('x-ratelimit-remaining', String(slot.remaining));
    if (!slot.isAllowed) {
      options.onLimitHit();
      c.header('retry-after', String(slot.retryAfterSeconds));
      return refuse(c, 429, 'Rate limit exceeded');
    }
    asked += 1;
    if (faults['rate-limit-storm'] !== null && (asked - 1) % 20 < faults['rate-limit-storm']) {
      c.header('retry-after', '1');
      return refuse(c, 429, 'Rate limit exceeded');
    }
    if (faults['server-errors'] !== null && asked % faults['server-errors'] === 0) {
      return refuse(c, 500, 'Internal server error');
    }
    const version = c.req.header('public-api-version');
    if (version !== apiVersion) {
      return refuse(c, 400, `Public-Api-Version must be ${apiVersion}`);
    }
    return next();
  };
}

function answerList(
  c: Context,
  options: GrainApiOptions & { readonly body: z.infer<typeof ListBody> },
): Response {
  const { account, body, faults } = options;
  const filter: Filter = body.filter ?? {};
  const sent = body.cursor ?? null;
  const after = sent === null ? null : parseListCursor(sent, filter);
  if (sent !== null && after === null) return refuse(c, 400, 'cursor: not of this listing');
  const page = readPage(account, { ...options, filter, after });
  const cursor = faults['repeated-cursor'] === null ? page.cursor : (sent ?? page.cursor);
  return c.json({
    cursor,
    recordings: page.recordings.map((recording) => toAnswer(recording.record, body.include)),
  });
}

function readPage(
  account: GrainAccount,
  options: {
    readonly filter: Filter;
    readonly after: ReturnType<typeof parseListCursor>;
    readonly pageSize: number;
  },
): { readonly recordings: readonly SandboxRecording[]; readonly cursor: string | null } {
  const { filter, after, pageSize } = options;
  const matches = createMatcher(filter);
  const afterMs = toMs(filter.after_datetime);
  const recordings: SandboxRecording[] = [];
  for (const recording of account.list({ after, beforeMs: toMs(filter.before_datetime) })) {
    if (afterMs !== null && recording.startMs < afterMs) break;
    if (!matches(recording)) continue;
    const last = recordings.at(-1);
    if (recordings.length === pageSize && last !== undefined) {
      return { recordings, cursor: toListCursor(last, filter) };
    }
    recordings.push(recording);
  }
  return { recordings, cursor: null };
}

function addTranscript(app: Hono, { account, faults }: GrainApiOptions): void {
  const asks = new Map<string, number>();
  app.get(`${basePath}/v2/recordings/:id/transcript`, (c) => {
    const recording = account.find(c.req.param('id'));
    if (recording === null) return refuse(c, 404, 'Recording not found');
    if (!recording.hasTranscript) return refuse(c, 404, 'Transcript not found');
    if (faults['late-transcripts'] !== null) {
      const asked = (asks.get(recording.id) ?? 0) + 1;
      asks.set(recording.id, asked);
      if (asked <= faults['late-transcripts']) return refuse(c, 404, 'Transcript not found');
    }
    return c.json(toTranscript(recording));
  });
}

function addDownload(app: Hono, options: GrainApiOptions): void {
  const { account, faults, links } = options;
  const linked = new Set<string>();
  app.get(`${basePath}/v2/recordings/:id/download`, (c) => {
    const recording = account.find(c.req.param('id'));
    if (recording === null || recording.clip === null) {
      return refuse(c, 404, 'Recording not found');
    }
    const isStale = faults['expired-links'] !== null && !linked.has(recording.id);
    if (isStale) linked.add(recording.id);
    const token = isStale ? links.sign(recording.id, -1000) : links.sign(recording.id);
    return c.redirect(`${options.mediaOriginOf(c.req.raw)}/media/${token}`, 302);
  });
}

/** The parsed body, or the answer that refuses it. An empty body counts as `{}`. */
async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<T | Response> {
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
    return refuse(c, 415, 'Content-Type must be application/json');
  }
  const text = await c.req.text();
  let json: unknown;
  try {
    json = text === '' ? {} : JSON.parse(text);
  } catch {
    // The parser's message may quote the body: the answer names only the fact.
    return refuse(c, 400, 'The body is not JSON');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse(c, 400, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
}

type RefusalStatus = 400 | 401 | 404 | 415 | 429 | 500;

/** Grain documents no error body; each status here has one of the four shapes that clients met. */
function refuse(c: Context, status: RefusalStatus, text: string): Response {
  switch (status) {
    case 400:
      return c.json({ errors: { detail: text } }, status);
    case 404:
      return c.json({ message: text }, status);
    case 429:
      return c.json({ error: { message: text } }, status);
    default:
      return c.json({ error: text }, status);
  }
}
