import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import { sandboxClips } from '../testing/audio/clips.ts';
import type { LinkSigner } from '../testing/sandbox-links.ts';
import { createTurns } from '../testing/sandbox-turns.ts';
import type { GongAccount } from './gong.sandbox-account.ts';
import { usersOf, workspacesOf } from './gong.sandbox-call.ts';
import type { SandboxCallItem } from './gong.sandbox-call.ts';
import { createCursorSigner } from './gong.sandbox-cursor.ts';
import { createGate, refuse, toRequestId } from './gong.sandbox-gate.ts';
import type { GongGateOptions } from './gong.sandbox-gate.ts';
import { createLister } from './gong.sandbox-listing.ts';
import type { GongListingOptions } from './gong.sandbox-listing.ts';
import { CallsQuery, ExtensiveBody, NewCallBody, TranscriptBody } from './gong.sandbox-schema.ts';

interface GongApiOptions extends GongGateOptions, GongListingOptions {
  readonly links: LinkSigner;
  readonly seed: number;
  readonly mediaOriginOf: (request: Request) => string;
}

/** Documented: "the url will be available for 8 hours". */
const linkLifetimeMs = 8 * 3_600_000;

/** Adds the routes of Gong's public API v2 and what stands before all of them. */
export function addGongApi(app: Hono, options: GongApiOptions): void {
  const { account, seed, faults } = options;
  app.use('/v2/*', createGate(options));
  const list = createLister({ ...options, cursors: createCursorSigner(options) });

  app.get('/v2/calls', (c) => {
    const query = CallsQuery.safeParse(c.req.query());
    if (!query.success) return refuse(c, 400, toText(query.error));
    const { cursor, ...filter } = query.data;
    return list(c, { filter, cursor, by: 'scheduled' }, ({ calls, records }) => ({
      records,
      calls: calls.map((call) => call.record['metaData']),
    }));
  });
  app.post('/v2/calls/extensive', async (c) => {
    const body = await readBody(c, ExtensiveBody);
    if (body instanceof Response) return body;
    const toRecord = createExposer(c, { ...options, body });
    const { cursor, filter } = body;
    return list(c, { filter, cursor, by: 'started' }, ({ calls, records }) => ({
      records,
      calls: calls.map(toRecord),
    }));
  });
  const isLate = createTurns(faults['late-transcripts']);
  app.post('/v2/calls/transcript', async (c) => {
    if (faults['missing-scope'] !== null) {
      const scope = 'api:calls:read:transcript';
      return refuse(c, 401, `You don't have permission to use '${scope}' in your app.`);
    }
    const body = await readBody(c, TranscriptBody);
    if (body instanceof Response) return body;
    const { cursor, filter } = body;
    const where = ({ id, hasTranscript }: SandboxCallItem) => hasTranscript && !isLate(id);
    return list(c, { filter, cursor, by: 'started', where }, ({ calls, records }) => ({
      records,
      callTranscripts: calls.map(toTranscript),
    }));
  });
  app.post('/v2/calls', async (c) => {
    const body = await readBody(c, NewCallBody);
    return body instanceof Response ? body : refuse(c, 403, 'This sandbox takes no new calls');
  });
  app.get('/v2/calls/:id', (c) => {
    const id = c.req.param('id');
    const call = account.find(id);
    if (call === null) return refuse(c, 404, `Call ID ${id} was not found`);
    return c.json({ requestId: toRequestId(c), call: call.record['metaData'] });
  });
  // PUT uploads here; there is no GET.
  app.get('/v2/calls/:id/media', (c) => refuse(c, 405, 'Method Not Allowed'));
  app.get('/v2/users', (c) => {
    const users = usersOf(seed);
    const records = toRecords(users.length);
    return c.json({ requestId: toRequestId(c), records, users });
  });
  app.get('/v2/workspaces', (c) =>
    c.json({ requestId: toRequestId(c), workspaces: workspacesOf(seed) }),
  );
  app.notFound((c) => refuse(c, 404, 'Not Found'));
}

function toRecords(count: number) {
  return { totalRecords: count, currentPageSize: count, currentPageNumber: 0 };
}

const turnsByAccount = new WeakMap<GongAccount, ReturnType<typeof createMediaTurns>>();

function createMediaTurns({ faults }: GongApiOptions) {
  return {
    isLate: createTurns(faults['late-media']),
    isExpired: createTurns(faults['expired-links'] === null ? null : 1),
  };
}

/** What an extensive answer shows of a call: only what was asked for. */
function createExposer(
  c: Context,
  options: GongApiOptions & { readonly body: ExtensiveBody },
): (call: SandboxCallItem) => Readonly<Record<string, unknown>> {
  const { account, links, body } = options;
  const turns = turnsByAccount.get(account) ?? createMediaTurns(options);
  turnsByAccount.set(account, turns);
  const fields = body.contentSelector?.exposedFields ?? {};
  const toMedia = (call: SandboxCallItem) => {
    if (call.clip === null || turns.isLate(call.id)) return {};
    const token = links.sign(call.id, turns.isExpired(call.id) ? -1000 : linkLifetimeMs);
    const url = `${options.mediaOriginOf(c.req.raw)}/media/${token}`;
    const isVideo = call.clip.contentType.startsWith('video/');
    return isVideo ? { videoUrl: `${url}/video.mp4` } : { audioUrl: `${url}/audio.mp3` };
  };
  return (call) => {
    const { metaData, parties, content } = call.record;
    return {
      metaData,
      ...(fields.parties === true && parties !== undefined && { parties }),
      ...(fields.content?.['brief'] === true && content !== undefined && { content }),
      ...(fields.media === true && { media: toMedia(call) }),
    };
  };
}

/** What is said in the recording, in the turns of its two voices; times in milliseconds. */
function toTranscript({ id, clip, speakerIds }: SandboxCallItem) {
  const monologues: { speakerId: string; topic: string | null; sentences: unknown[] }[] = [];
  // A call without media needs words too: any clip's will do.
  for (const { speaker, startMs, endMs, text } of (clip ?? sandboxClips[0])?.utterances ?? []) {
    const speakerId = speakerIds[speaker] ?? '';
    if (monologues.at(-1)?.speakerId !== speakerId) {
      monologues.push({
        speakerId,
        topic: monologues.length === 0 ? null : 'Pricing',
        sentences: [],
      });
    }
    monologues.at(-1)?.sentences.push({ start: startMs, end: endMs, text });
  }
  return { callId: id, transcript: monologues };
}

/** The parsed body, or the answer that refuses it. */
async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<T | Response> {
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
    return refuse(c, 415, 'Unsupported Media Type');
  }
  let json: unknown;
  try {
    json = JSON.parse(await c.req.text());
  } catch {
    // The parser's message may quote the body: the answer names only the fact.
    return refuse(c, 400, 'Failed to parse the request body');
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? parsed.data : refuse(c, 400, toText(parsed.error));
}

function toText({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`;
}
