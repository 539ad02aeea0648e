import { ImportError } from '../../src/core/errors.ts';
import type { StoredObject } from '../../src/core/ports.ts';
import type { DiskObjectStore } from './disk-object-store.ts';
import type { LinkGrant } from './signed-link.ts';

/** Players and uploaders in a browser live on another origin; the signature is what protects. */
const crossOriginHeaders = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'accept-ranges, content-length, content-range, etag',
};

/** A recording is shown or played, never run: no page can be made of an upload. */
const inertHeaders = {
  'content-disposition': 'attachment',
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'cache-control': 'private, no-store',
};

/**
 * Serves the links that the disk store signs, streaming both ways: GET and HEAD with ranges, PUT,
 * and the preflight requests of browsers. Never throws: refusals are `application/problem+json`.
 */
export function createObjectHandler(
  store: DiskObjectStore,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method === 'OPTIONS') return preflight();
    const check = store.links.check(new URL(request.url));
    if (check.status === 'forged')
      return problem(403, 'The link is not one of ours or was changed: use it as it was given.');
    if (check.status === 'expired')
      return problem(403, `The link ended at ${check.grant.expiresAt.toISOString()}: get another.`);
    const { grant } = check;
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (method !== grant.method)
      return problem(405, `The link is for ${grant.method} only.`, { allow: grant.method });
    try {
      return await (grant.method === 'PUT'
        ? receive(store, grant, request)
        : serve(store, grant.key, request));
    } catch (error) {
      return refuse(error);
    }
  };
}

async function serve(store: DiskObjectStore, key: string, request: Request): Promise<Response> {
  const object = await store.find(key);
  if (object === null) return problem(404, 'The file is no longer stored.');
  const range = rangeOf(request, object);
  const headers = new Headers({
    ...crossOriginHeaders,
    ...inertHeaders,
    'accept-ranges': 'bytes',
    'content-type': object.contentType ?? 'application/octet-stream',
    etag: etagOf(object),
    'last-modified': object.updatedAt.toUTCString(),
  });
  if (range === 'unsatisfiable')
    return problem(416, 'The range begins after the end of the file.', {
      'content-range': `bytes */${object.sizeBytes}`,
    });
  const { start, end } = range ?? { start: 0, end: object.sizeBytes };
  headers.set('content-length', String(end - start));
  if (range !== null) headers.set('content-range', `bytes ${start}-${end - 1}/${object.sizeBytes}`);
  const status = range === null ? 200 : 206;
  if (request.method === 'HEAD') return new Response(null, { status, headers });
  const body = ReadableStream.from(await store.read(key, { start, end }));
  return new Response(body, { status, headers });
}

async function receive(
  store: DiskObjectStore,
  grant: LinkGrant,
  request: Request,
): Promise<Response> {
  if (grant.contentType === null || grant.maxBytes === null)
    return problem(403, 'The link is not one of ours or was changed: use it as it was given.');
  if (request.headers.get('content-type') !== grant.contentType)
    return problem(415, `Send the file with "Content-Type: ${grant.contentType}".`);
  const length = request.headers.get('content-length');
  const expectedBytes = length === null ? null : Number(length);
  if (expectedBytes !== null && expectedBytes > grant.maxBytes) return tooLarge(grant.maxBytes);
  const written = await store.write({
    key: grant.key,
    contentType: grant.contentType,
    body: request.body ?? ReadableStream.from<Uint8Array>([]),
    maxBytes: grant.maxBytes,
    expectedBytes,
    signal: request.signal,
  });
  const headers = { ...crossOriginHeaders, 'x-goog-hash': `crc32c=${written.crc32c}` };
  return new Response(null, { status: 200, headers });
}

function refuse(error: unknown): Response {
  if (error instanceof ImportError) {
    if (error.kind === 'contract') return problem(413, error.publicMessage);
    if (error.kind === 'not_found') return problem(404, error.publicMessage);
    if (error.kind === 'bad_request') return problem(400, error.publicMessage);
    if (error.kind === 'unavailable') return problem(503, error.publicMessage);
  }
  return problem(500, 'Something went wrong on our side: try again.');
}

/** Null: the whole object, which is also the right answer to a range that we can't read. */
function rangeOf(
  request: Request,
  object: StoredObject,
): { start: number; end: number } | 'unsatisfiable' | null {
  const condition = request.headers.get('if-range');
  if (condition !== null && condition !== etagOf(object)) return null;
  const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.get('range') ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const { sizeBytes } = object;
  if (match[1] === '') {
    const start = Math.max(0, sizeBytes - Number(match[2]));
    return start === sizeBytes ? 'unsatisfiable' : { start, end: sizeBytes };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? sizeBytes : Math.min(Number(match[2]) + 1, sizeBytes);
  if (start >= sizeBytes) return 'unsatisfiable';
  return start < end ? { start, end } : null;
}

function etagOf(object: StoredObject): string {
  return `"${object.md5 ?? object.crc32c}"`;
}

function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...crossOriginHeaders,
      'access-control-allow-methods': 'GET, HEAD, PUT',
      'access-control-allow-headers': 'content-type, range, if-range',
      'access-control-max-age': '3600',
    },
  });
}

function tooLarge(maxBytes: number): Response {
  return problem(413, `The file may have at most ${maxBytes} bytes.`);
}

/** @see https://www.rfc-editor.org/rfc/rfc9457 */
function problem(status: number, detail: string, headers: Record<string, string> = {}): Response {
  return Response.json(
    { type: 'about:blank', status, detail },
    {
      status,
      headers: { ...crossOriginHeaders, ...headers, 'content-type': 'application/problem+json' },
    },
  );
}
