import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ImportError } from '../../core/errors.ts';
import type { ObjectStore } from '../../core/ports.ts';
import { testObjectStore } from '../../../test/support/object-store.testsuite.ts';
import { useServiceAccount } from '../../../test/support/storage-server/service-account.ts';
import { startStorageServer } from '../../../test/support/storage-server/storage-server.ts';
import type { StorageServer } from '../../../test/support/storage-server/storage-server.ts';
import { createCloudObjectStore } from './cloud-object-store.ts';
import type { CloudObjectStoreOptions } from './cloud-object-store.ts';

const account = useServiceAccount();
afterAll(() => account.remove());
const megabyte = 1024 * 1024;
/** Longer than `hurrying` ever gets. */
const veryLongMs = 500_000_000;

async function start(overrides: Partial<CloudObjectStoreOptions> = {}) {
  // Real time: the client refuses to sign a link that ends in the past of its own clock.
  let aheadMs = 0;
  const server = await startStorageServer({
    bucketName: 'recordings',
    signer: account,
    now: () => new Date(Date.now() + aheadMs),
  });
  const store = createCloudObjectStore({
    bucketName: 'recordings',
    projectId: 'project',
    clock: { now: () => new Date(Date.now() + aheadMs) },
    apiEndpoint: server.endpoint,
    ...overrides,
  });
  return {
    store,
    server,
    advance: (ms: number) => void (aheadMs += ms),
    close: () => server.close(),
  };
}

testObjectStore('Cloud Storage', start);

describe('Cloud Storage', () => {
  let server: StorageServer;
  let store: ObjectStore;
  beforeEach(async () => {
    ({ server, store } = await start({
      chunkBytes: megabyte,
      maxRetries: 2,
      requestTimeoutMs: veryLongMs,
    }));
  });
  afterEach(async () => {
    jest.useRealTimers();
    await server.close();
  });

  const write = (sizeBytes: number, key = 'a/call.mp3', to = store) =>
    to.write({
      key,
      contentType: 'audio/mpeg',
      body: ReadableStream.from(chunksOf(sizeBytes)),
      maxBytes: 100 * megabyte,
      expectedBytes: sizeBytes,
    });

  it('sends a small body in one request', async () => {
    await write(100_000);
    expect(server.requests).toEqual([
      'POST /upload/storage/v1/b/recordings/o?uploadType=multipart&name=a/call.mp3',
    ]);
    expect(server.objects.find('a/call.mp3')).toMatchObject({
      sizeBytes: 100_000,
      contentType: 'audio/mpeg',
    });
  });

  it('sends a large body in one session, a chunk at a time', async () => {
    await write(2.5 * megabyte);
    expect(server.requests).toEqual([
      'POST /upload/storage/v1/b/recordings/o?name=a/call.mp3&uploadType=resumable',
      'PUT /upload/storage/v1/b/recordings/o?uploadType=resumable&upload_id=…',
      'PUT /upload/storage/v1/b/recordings/o?uploadType=resumable&upload_id=…',
      'PUT /upload/storage/v1/b/recordings/o?uploadType=resumable&upload_id=…',
    ]);
    expect(server.objects.find('a/call.mp3')).toMatchObject({
      sizeBytes: 2_621_440,
      contentType: 'audio/mpeg',
    });
  });

  it('stores a body whose last chunk is full', async () => {
    expect(await write(2 * megabyte)).toMatchObject({ sizeBytes: 2_097_152 });
    expect(server.objects.find('a/call.mp3')).toMatchObject({ sizeBytes: 2_097_152 });
  });

  describe('trouble during an upload', () => {
    it.each([
      ['the opening of the session', /^POST .*resumable/, { status: 503 }],
      ['a chunk', /^PUT/, { status: 503 }],
      ['a chunk of which half arrived', /^PUT/, { status: 503, keepBytes: megabyte / 2 }],
      ['a chunk that arrived', /^PUT/, { status: 502, keepBytes: megabyte }],
      ['a connection', /^PUT/, 'reset'],
      ['the answer to a chunk', /^PUT/, 'lost-answer'],
    ] as const)('at %s is made good within the session', async (_name, pattern, fault) => {
      server.failNext(pattern, fault);
      const written = await hurrying(() => write(2.5 * megabyte));
      expect(server.objects.find('a/call.mp3')).toMatchObject({
        sizeBytes: 2_621_440,
        crc32c: written.crc32c,
      });
    });

    it('at a small body is made good by sending it again', async () => {
      server.failNext(/^POST/, { status: 503 });
      await hurrying(() => write(1000));
      expect(server.objects.find('a/call.mp3')).toMatchObject({ sizeBytes: 1000 });
    });

    it('that does not end is given up: unavailable', async () => {
      for (let count = 0; count < 10; count++) server.failNext(/^PUT/, { status: 503 });
      const error = await hurrying(() => errorOf(write(2 * megabyte)));
      expect(error).toMatchObject({ kind: 'unavailable', retryable: true, status: 503 });
      expect(server.objects.keys()).toEqual([]);
    });

    it('as a session that is gone asks for a new attempt', async () => {
      const body = async function* () {
        for (let sent = 0; sent < 3; sent++) yield Buffer.alloc(megabyte);
        server.forgetSessions();
        // So little that more is asked for at once, and the source is stalled when the upload fails.
        yield Buffer.alloc(1);
        await new Promise(() => {});
      };
      const writing = store.write({
        key: 'a/call.mp3',
        contentType: 'audio/mpeg',
        body: body(),
        maxBytes: 100 * megabyte,
        expectedBytes: null,
      });
      expect(await errorOf(writing)).toMatchObject({ kind: 'unavailable', status: 410 });
      await write(4 * megabyte);
      expect(server.objects.find('a/call.mp3')).toMatchObject({ sizeBytes: 4_194_304 });
    });

    it('by which only the last answer was lost is no trouble', async () => {
      server.failNext(/^POST/, 'lost-answer');
      for (let count = 0; count < 10; count++) server.failNext(/^POST/, { status: 503 });
      expect(await hurrying(() => write(1000))).toMatchObject({ sizeBytes: 1000 });
    });

    it('by which only the last answer of a session was lost is no trouble', async () => {
      server.failNext(/^PUT/, 'lost-answer', 2);
      expect(await hurrying(() => write(2.5 * megabyte))).toMatchObject({ sizeBytes: 2_621_440 });
      expect(server.objects.find('a/call.mp3')).toMatchObject({ sizeBytes: 2_621_440 });
      expect(server.requests.at(-1)).toMatch(/^GET /);
    });

    it('as damage to a small body keeps it from being stored', async () => {
      server.corruptNextUpload();
      expect(await errorOf(write(1000))).toBeInstanceOf(ImportError);
      expect(server.objects.keys()).toEqual([]);
    });

    it('as damage to a large body is found and taken away', async () => {
      server.corruptNextUpload();
      expect(await errorOf(write(3 * megabyte))).toMatchObject({ kind: 'unavailable' });
      expect(server.objects.keys()).toEqual([]);
      expect(server.requests.at(-1)).toMatch(/^DELETE .*ifGenerationMatch=\d+$/);
    });

    it('as silence ends in a timeout', async () => {
      const hasty = storeAt(server.endpoint, { requestTimeoutMs: 20, maxRetries: 0 });
      for (const size of [1000, 2 * megabyte]) {
        for (let count = 0; count < 4; count++) server.failNext(/^(POST|PUT)/, 'silent');
        expect(await hurrying(() => errorOf(write(size, 'a/b', hasty)))).toMatchObject({
          kind: 'timeout',
          retryable: true,
        });
      }
    });
  });

  describe('what the service says', () => {
    it.each([
      [404, 'not_found', false],
      [408, 'unavailable', true],
      [412, 'conflict', true],
      [416, 'bad_request', false],
      [429, 'rate_limited', true],
      [500, 'unavailable', true],
      [503, 'unavailable', true],
      [401, 'internal', true],
      [403, 'internal', true],
      [400, 'internal', true],
    ])('%i is %s', async (status, kind, retryable) => {
      for (let count = 0; count < 5; count++) server.failNext(/alt=media/, { status });
      const error = await hurrying(() => errorOf(store.read('a/b')));
      expect(error).toMatchObject({ kind, retryable, status, source: 'storage' });
    });

    it('tells how long to wait', async () => {
      for (let count = 0; count < 5; count++)
        server.failNext(/DELETE/, { status: 429, headers: { 'retry-after': '7' } });
      expect(await hurrying(() => errorOf(store.remove('a/b')))).toMatchObject({
        kind: 'rate_limited',
        retryAfterMs: 7000,
      });
    });

    it('of a refusal names the role that is missing', async () => {
      server.failNext(/GET/, { status: 403 });
      const error = await errorOf(store.find('a/b'));
      expect(error.publicMessage).toContain('roles/storage.objectAdmin');
    });

    it('of a bucket that does not exist is never taken for a missing object', async () => {
      const elsewhere = storeAt(server.endpoint, { bucketName: 'nowhere' });
      const missing = { kind: 'internal', publicMessage: expect.stringContaining('bucket') };
      expect(await errorOf(elsewhere.find('a/b'))).toMatchObject(missing);
      expect(await errorOf(elsewhere.readJson('a/b'))).toMatchObject(missing);
      expect(await errorOf(write(1000, 'a/b', elsewhere))).toMatchObject(missing);
      expect(await errorOf(write(2 * megabyte, 'a/b', elsewhere))).toMatchObject(missing);
    });

    it('is nothing when nobody listens: unavailable', async () => {
      const nobody = storeAt(`http://127.0.0.1:${await closedPort()}`, { maxRetries: 1 });
      const unavailable = { kind: 'unavailable', retryable: true, status: null };
      expect(await hurrying(() => errorOf(nobody.find('a/b')))).toMatchObject(unavailable);
      expect(await hurrying(() => errorOf(nobody.read('a/b')))).toMatchObject(unavailable);
      expect(await hurrying(() => errorOf(write(10, 'a/b', nobody)))).toMatchObject(unavailable);
      expect(await hurrying(() => errorOf(write(megabyte, 'a/b', nobody)))).toMatchObject(
        unavailable,
      );
    });

    it('never takes a session, a token or a key into an error', async () => {
      for (let count = 0; count < 10; count++) server.failNext(/^PUT/, 'reset');
      const error = await hurrying(() => errorOf(write(2 * megabyte)));
      const everything = `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
      expect(error.cause).toBeInstanceOf(Error);
      expect(everything).not.toMatch(/upload_id|Bearer|PRIVATE KEY/);
    });
  });

  describe('reading', () => {
    it('notices bytes that differ from the checksum', async () => {
      await write(3 * megabyte);
      const object = server.objects.find('a/call.mp3');
      Object.assign(object ?? {}, { crc32c: 'AAAAAA==' });
      const body = await store.read('a/call.mp3');
      expect(await errorOf(drain(body))).toMatchObject({ kind: 'unavailable' });
    });

    it('gives up on a service that falls silent', async () => {
      const hasty = storeAt(server.endpoint, { requestTimeoutMs: 20, maxRetries: 0 });
      server.failNext(/GET/, 'silent');
      expect(await errorOf(hasty.read('a/b'))).toMatchObject({ kind: 'timeout' });
      server.failNext(/GET/, 'silent');
      expect(await errorOf(hasty.find('a/b'))).toMatchObject({ kind: 'timeout' });
    });

    it('waits for a consumer that takes its time', async () => {
      await write(3 * megabyte);
      const hasty = storeAt(server.endpoint, { requestTimeoutMs: 20, maxRetries: 0 });
      let sizeBytes = 0;
      for await (const chunk of await hasty.read('a/call.mp3')) {
        if (sizeBytes === 0) await new Promise((resolve) => setTimeout(resolve, 50));
        sizeBytes += chunk.byteLength;
      }
      expect(sizeBytes).toBe(3_145_728);
    });
  });

  function storeAt(apiEndpoint: string, overrides: Partial<CloudObjectStoreOptions>): ObjectStore {
    return createCloudObjectStore({
      bucketName: 'recordings',
      projectId: 'project',
      clock: { now: () => new Date() },
      apiEndpoint,
      chunkBytes: megabyte,
      requestTimeoutMs: veryLongMs,
      ...overrides,
    });
  }
});

function chunksOf(sizeBytes: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let rest = sizeBytes; rest > 0; rest -= 65_536)
    chunks.push(Buffer.alloc(Math.min(rest, 65_536), chunks.length % 251));
  return chunks;
}

/** Lets the client's pauses between attempts, of seconds, pass at once; sockets stay as they are. */
async function hurrying<Result>(work: () => Promise<Result>): Promise<Result> {
  jest.useFakeTimers({ doNotFake: allBut(['setTimeout', 'clearTimeout']) });
  let isSettled = false;
  const settled = work().finally(() => {
    isSettled = true;
  });
  settled.catch(() => {});
  while (!isSettled) {
    jest.advanceTimersByTime(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  jest.useRealTimers();
  return settled;
}

function allBut(faked: readonly FakeableAPI[]): FakeableAPI[] {
  const all: FakeableAPI[] = [
    'Date',
    'hrtime',
    'nextTick',
    'performance',
    'queueMicrotask',
    'setImmediate',
    'clearImmediate',
    'setInterval',
    'clearInterval',
    'setTimeout',
    'clearTimeout',
  ];
  return all.filter((name) => !faked.includes(name));
}

async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = body[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address object.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function errorOf(promise: Promise<unknown>): Promise<ImportError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ImportError) return error;
    throw error;
  }
  throw new Error('It was expected to fail.');
}
