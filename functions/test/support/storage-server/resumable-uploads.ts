import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Draft, ObjectTable, TableObject } from './object-table.ts';
import { readSmallBody, sendJson, sendProblem } from './responses.ts';

/** The service keeps whole multiples of this of a chunk that broke off. */
const granuleBytes = 256 * 1024;

interface Session {
  readonly key: string;
  readonly contentType: string;
  readonly draft: Draft;
  object: TableObject | null;
}

export interface ResumableUploads {
  answer(exchange: {
    request: IncomingMessage;
    response: ServerResponse;
    url: URL;
    keep: { status: number; keepBytes: number } | null;
  }): Promise<void>;
  forget(): void;
}

/** @see https://cloud.google.com/storage/docs/performing-resumable-uploads */
export function createResumableUploads(objects: ObjectTable): ResumableUploads {
  const sessions = new Map<string, Session>();
  const forgotten = new Set<string>();

  async function open(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    await readSmallBody(request);
    const id = randomBytes(16).toString('hex');
    const contentType = request.headers['x-upload-content-type'];
    sessions.set(id, {
      key: url.searchParams.get('name') ?? '',
      contentType: typeof contentType === 'string' ? contentType : 'application/octet-stream',
      draft: objects.begin(id),
      object: null,
    });
    const location = new URL(url.pathname, `http://${request.headers.host}`);
    location.search = new URLSearchParams({ uploadType: 'resumable', upload_id: id }).toString();
    response.writeHead(200, { location: location.href }).end();
  }

  function sendState(response: ServerResponse, session: Session): void {
    if (session.object) return sendJson(response, 200, objects.describe(session.object));
    const received = session.draft.sizeBytes();
    response.writeHead(308, received > 0 ? { range: `bytes=0-${received - 1}` } : {}).end();
  }

  return {
    forget() {
      for (const id of sessions.keys()) forgotten.add(id);
      sessions.clear();
    },
    async answer({ request, response, url, keep }) {
      if (request.method === 'POST') return open(request, response, url);
      const id = url.searchParams.get('upload_id') ?? '';
      const session = sessions.get(id);
      if (!session) {
        request.resume();
        return sendProblem(response, forgotten.has(id) ? 410 : 404, 'No such upload session.');
      }
      const range = parseContentRange(request.headers['content-range'] ?? '');
      if (range === null) return sendProblem(response, 400, 'Invalid Content-Range.');
      if (range.start === null || session.object) {
        request.resume();
        return sendState(response, session);
      }
      if (range.start > session.draft.sizeBytes()) return sendProblem(response, 503, 'A gap.');
      await receive({ request, session, start: range.start, limit: keep?.keepBytes ?? Infinity });
      if (keep) return sendProblem(response, keep.status, 'Broke off on purpose.');
      if (session.draft.sizeBytes() !== range.total) return sendState(response, session);
      session.object = session.draft.commit(session.key, session.contentType);
      sendState(response, session);
    },
  };
}

async function receive(chunk: {
  request: IncomingMessage;
  session: Session;
  start: number;
  limit: number;
}): Promise<void> {
  const { request, session, start } = chunk;
  const limit = Math.floor(chunk.limit / granuleBytes) * granuleBytes || chunk.limit;
  let skip = session.draft.sizeBytes() - start;
  let taken = 0;
  for await (const piece of request) {
    const data: Buffer = Buffer.from(piece);
    const fresh = data.subarray(Math.min(skip, data.length));
    skip -= data.length - fresh.length;
    const kept = fresh.subarray(0, Math.max(0, limit - taken));
    taken += kept.length;
    if (kept.length > 0) session.draft.append(kept);
  }
}

/** `bytes 0-9/10`, `bytes 0-9/*`, and `bytes *` slash total or star to ask for the state. */
function parseContentRange(header: string): { start: number | null; total: number | null } | null {
  const match = /^bytes (?:\*|(\d+)-(\d+))\/(\*|\d+)$/.exec(header);
  if (!match) return null;
  const [, start, , total] = match;
  return {
    start: start === undefined ? null : Number(start),
    total: total === undefined || total === '*' ? null : Number(total),
  };
}
