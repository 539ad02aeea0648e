import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TableObject } from './object-table.ts';

/** Answers as the JSON API does. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  response.end(JSON.stringify(body));
}

/** Refuses as the JSON API does. */
export function sendProblem(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, { error: { code: status, message, errors: [{ message }] } });
}

/** Answers with an object's bytes or the range of them that was asked for. */
export function sendObject(exchange: {
  request: IncomingMessage;
  response: ServerResponse;
  object: TableObject;
}): void {
  const { request, response, object } = exchange;
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range ? Number(range[1]) : 0;
  const last = object.sizeBytes - 1;
  const end = range?.[2] ? Math.min(Number(range[2]), last) : last;
  if (range && start > last)
    return sendProblem(response, 416, 'The requested range cannot be satisfied.');
  response.writeHead(range ? 206 : 200, {
    'content-type': object.contentType,
    'content-length': String(end - start + 1),
    'x-goog-hash': `crc32c=${object.crc32c},md5=${object.md5}`,
    'x-goog-stored-content-encoding': 'identity',
    ...(range ? { 'content-range': `bytes ${start}-${end}/${object.sizeBytes}` } : {}),
  });
  if (object.sizeBytes === 0) response.end();
  else createReadStream(object.path, { start, end }).pipe(response);
}

/** Reads a body that the protocol keeps small. */
export async function readSmallBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
