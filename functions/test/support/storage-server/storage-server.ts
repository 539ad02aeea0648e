import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createObjectTable } from './object-table.ts';
import type { ObjectTable } from './object-table.ts';
import { createResumableUploads } from './resumable-uploads.ts';
import { readSmallBody, sendJson, sendObject, sendProblem } from './responses.ts';
import { answerSignedRequest } from './signed-requests.ts';

/** What goes wrong with a request instead of its answer. */
export type StorageFault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Takes `keepBytes` of the body in, then answers with `status`. */
  | { readonly status: number; readonly keepBytes: number }
  /** Does what was asked, then breaks the connection without an answer. */
  | 'lost-answer'
  | 'reset'
  | 'silent';

export interface StorageServer {
  readonly endpoint: string;
  readonly objects: ObjectTable;
  /** Every request: method and path with the query, ids taken out. */
  readonly requests: string[];
  /** The next request whose "METHOD path" matches, after `skip` others, meets the fault. */
  failNext(pattern: RegExp, fault: StorageFault, skip?: number): void;
  /** The bytes of the next upload are changed before they are stored. */
  corruptNextUpload(): void;
  /** Every open upload session is forgotten. */
  forgetSessions(): void;
  close(): Promise<void>;
}

export interface StorageServerOptions {
  readonly bucketName: string;
  /** Whose signatures are accepted. */
  readonly signer: { readonly email: string; readonly publicKey: string };
  readonly now: () => Date;
}

/**
 * Starts a server that keeps to Cloud Storage's JSON and XML protocols as far as we use them.
 * @see https://cloud.google.com/storage/docs/json_api/v1
 */
export async function startStorageServer(options: StorageServerOptions): Promise<StorageServer> {
  const folder = mkdtempSync(join(tmpdir(), 'storage-server-'));
  const objects = createObjectTable({ folder, now: options.now });
  const uploads = createResumableUploads(objects);
  const faults: { pattern: RegExp; fault: StorageFault; skip: number }[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const line = `${request.method} ${decodeURIComponent(request.url ?? '')}`;
    requests.push(line.replace(/(upload_id|X-Goog-\w+)=[^&]+/g, '$1=…'));
    const index = faults.findIndex((planned) => planned.pattern.test(line) && planned.skip-- <= 0);
    const fault = index < 0 ? null : (faults.splice(index, 1)[0]?.fault ?? null);
    const url = new URL(request.url ?? '', 'http://localhost');
    route({ request, response, url, fault }).catch((error: unknown) => {
      if (!response.headersSent) sendProblem(response, 500, String(error));
      else response.destroy();
    });
  });

  interface Exchange {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly url: URL;
    readonly fault: StorageFault | null;
  }
  async function route(exchange: Exchange): Promise<void> {
    const { request, response, url, fault } = exchange;
    if (fault === 'silent') return;
    if (fault === 'reset') return void request.socket.destroy();
    if (fault === 'lost-answer') response.end = () => response.destroy();
    if (typeof fault === 'object' && fault !== null && !('keepBytes' in fault)) {
      request.resume();
      for (const [name, value] of Object.entries(fault.headers ?? {}))
        response.setHeader(name, value);
      return sendProblem(response, fault.status, 'A fault on purpose.');
    }
    const keep = typeof fault === 'object' && fault !== null && 'keepBytes' in fault ? fault : null;
    const upload = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(url.pathname);
    if (upload) {
      if (upload[1] !== options.bucketName) return sendMissingBucket(response);
      if (url.searchParams.get('uploadType') === 'multipart')
        return storeMultipart({ request, response, url, objects });
      return uploads.answer({ request, response, url, keep });
    }
    const object = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/.exec(url.pathname);
    if (object) {
      if (object[1] !== options.bucketName) return sendMissingBucket(response);
      return answerObject({ request, response, url, key: decodeURIComponent(object[2] ?? '') });
    }
    return answerSignedRequest({ request, response, url, objects, ...options });
  }

  function answerObject(exchange: {
    request: IncomingMessage;
    response: ServerResponse;
    url: URL;
    key: string;
  }): void {
    const { request, response, url, key } = exchange;
    const object = objects.find(key);
    const wanted = url.searchParams.get('ifGenerationMatch');
    if (!object) return sendProblem(response, 404, `No such object: ${options.bucketName}/${key}`);
    if (wanted !== null && wanted !== object.generation)
      return sendProblem(response, 412, 'At least one of the pre-conditions did not hold.');
    if (request.method === 'DELETE') {
      objects.remove(key);
      response.writeHead(204).end();
    } else if (url.searchParams.get('alt') === 'media') {
      sendObject({ request, response, object });
    } else {
      sendJson(response, 200, objects.describe(object));
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${portOf(server)}`,
    objects,
    requests,
    failNext: (pattern, fault, skip = 0) => void faults.push({ pattern, fault, skip }),
    corruptNextUpload: () => objects.corruptNext(),
    forgetSessions: () => uploads.forget(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function portOf(server: Server): number {
  // A TCP server that listens has an address object.
  return (server.address() as AddressInfo).port;
}

function sendMissingBucket(response: ServerResponse): void {
  sendProblem(response, 404, 'The specified bucket does not exist.');
}

/** Metadata and bytes in one request; the checksum in the metadata is compared before storing. */
async function storeMultipart(exchange: {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  objects: ObjectTable;
}): Promise<void> {
  const { request, response, url, objects } = exchange;
  const boundary = /boundary=([^;]+)/.exec(request.headers['content-type'] ?? '')?.[1] ?? '';
  const body = await readSmallBody(request);
  const parts = splitParts(body, boundary);
  const [head, content] = parts;
  if (!head || !content) return sendProblem(response, 400, 'Malformed multipart body.');
  const metadata: { contentType?: string; crc32c?: string } = JSON.parse(head.toString('utf8'));
  const draft = objects.begin(randomBytes(8).toString('hex'));
  draft.append(content);
  if (metadata.crc32c !== undefined && metadata.crc32c !== draft.crc32c())
    return sendProblem(response, 400, 'Provided CRC32C does not match calculated CRC32C.');
  const object = draft.commit(
    url.searchParams.get('name') ?? '',
    metadata.contentType ?? 'application/octet-stream',
  );
  sendJson(response, 200, objects.describe(object));
}

function splitParts(body: Buffer, boundary: string): Buffer[] {
  const delimiter = Buffer.from(`--${boundary}`);
  const parts: Buffer[] = [];
  for (let at = body.indexOf(delimiter); at >= 0;) {
    const next = body.indexOf(delimiter, at + delimiter.length);
    if (next < 0) break;
    const part = body.subarray(at + delimiter.length, next);
    const blank = part.indexOf('\r\n\r\n');
    parts.push(part.subarray(blank + 4, part.length - 2));
    at = next;
  }
  return parts;
}
