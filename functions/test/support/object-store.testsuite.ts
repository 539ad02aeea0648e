import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ImportError } from '../../src/core/errors.ts';
import type { ObjectStore, SignedRequest } from '../../src/core/ports.ts';

export interface ObjectStoreHarness {
  /** Its links are served over a real socket. */
  readonly store: ObjectStore;
  /** Moves the clock of the store and of whatever serves its links. */
  advance(ms: number): void;
  close(): Promise<void>;
}

const megabyte = 1024 * 1024;
const hour = 3_600_000;

/** What every `ObjectStore` promises. */
export function testObjectStore(name: string, start: () => Promise<ObjectStoreHarness>): void {
  describe(`${name} as an object store`, () => {
    let harness: ObjectStoreHarness;
    let store: ObjectStore;
    beforeAll(async () => {
      harness = await start();
      store = harness.store;
    });
    afterAll(() => harness.close());

    describe('writing and reading', () => {
      it('stores a small body and says what it measured', async () => {
        const written = await put(store, 'a/small.txt', ['123', '456', '789']);
        expect(written).toEqual({
          key: 'a/small.txt',
          sizeBytes: 9,
          sha256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
          crc32c: '4waSgw==',
        });
        expect(await text(store, 'a/small.txt')).toBe('123456789');
        const { updatedAt, ...object } = (await store.find('a/small.txt')) ?? {};
        expect(object).toEqual({
          key: 'a/small.txt',
          sizeBytes: 9,
          contentType: 'text/plain',
          crc32c: '4waSgw==',
          md5: 'JfnnlDI7RTiF9RgfG2JNCw==',
        });
        expect(updatedAt).toBeInstanceOf(Date);
      });

      it('streams 64 MB with flat memory and changes no byte', async () => {
        const memory = watchMemory();
        const written = await store.write({
          key: 'a/large.bin',
          contentType: 'audio/mpeg',
          body: generate(64 * megabyte, memory.sample),
          maxBytes: 64 * megabyte,
          expectedBytes: 64 * megabyte,
        });
        expect(memory.peakBytes()).toBeLessThan(28 * megabyte);
        expect(written.sizeBytes).toBe(67_108_864);
        expect(written.sha256).toBe(sha256Of64Megabytes);

        const hash = createHash('sha256');
        const reading = watchMemory();
        let sizeBytes = 0;
        for await (const chunk of await store.read('a/large.bin')) {
          hash.update(chunk);
          sizeBytes += chunk.byteLength;
          if (sizeBytes % (8 * megabyte) < chunk.byteLength) reading.sample();
        }
        expect(hash.digest('hex')).toBe(sha256Of64Megabytes);
        expect(reading.peakBytes()).toBeLessThan(12 * megabyte);
      }, 60_000);

      it('stores an empty body', async () => {
        const written = await put(store, 'a/empty.txt', []);
        expect(written).toMatchObject({ sizeBytes: 0, crc32c: 'AAAAAA==' });
        expect(await text(store, 'a/empty.txt')).toBe('');
      });

      it('replaces an earlier object as a whole', async () => {
        await put(store, 'a/replaced.txt', ['a long first version']);
        await put(store, 'a/replaced.txt', ['second']);
        expect(await text(store, 'a/replaced.txt')).toBe('second');
        expect(await store.find('a/replaced.txt')).toMatchObject({ sizeBytes: 6 });
      });

      it('keeps whole objects when two writers race for one key', async () => {
        const writers = ['one', 'two', 'three'].map((word) => put(store, 'a/raced.txt', [word]));
        await Promise.all(writers);
        expect(['one', 'two', 'three']).toContain(await text(store, 'a/raced.txt'));
      });

      it('holds keys with unusual characters apart', async () => {
        await put(store, 'b/ä ö%2F?#&+.txt', ['one']);
        await put(store, 'b/ä ö/?#&+.txt', ['two']);
        expect(await text(store, 'b/ä ö%2F?#&+.txt')).toBe('one');
        expect(await text(store, 'b/ä ö/?#&+.txt')).toBe('two');
      });

      it('names the object for the transcriber', () => {
        expect(store.uriOf('a/small.txt')).toMatch(/^gs:\/\/[a-z0-9-]+\/a\/small\.txt$/);
      });
    });

    describe('a body that goes wrong leaves the earlier object', () => {
      const key = 'c/kept.txt';
      beforeEach(() => put(store, key, ['the earlier one']));
      afterEach(async () => {
        expect(await text(store, key)).toBe('the earlier one');
      });

      it.each([
        ['a few bytes', 20],
        ['many megabytes', 20 * megabyte],
      ])('when it ends too early, of %s', async (_name, expectedBytes) => {
        const write = store.write({
          ...upload(key, generate(expectedBytes - 1)),
          expectedBytes,
        });
        expect(await errorOf(write)).toMatchObject({ kind: 'unavailable', source: 'storage' });
      });

      it('when it has more bytes than announced', async () => {
        const write = store.write({ ...upload(key, generate(21)), expectedBytes: 20 });
        expect(await errorOf(write)).toMatchObject({ kind: 'unavailable', retryable: true });
      });

      it.each([
        ['a few bytes', 20],
        ['many megabytes', 20 * megabyte],
      ])('when it is larger than allowed, of %s', async (_name, maxBytes) => {
        const write = store.write({ ...upload(key, generate(maxBytes + 1)), maxBytes });
        expect(await errorOf(write)).toMatchObject({ kind: 'contract', retryable: false });
      });

      it('when the source breaks off, and says so', async () => {
        const write = store.write(upload(key, breakingOff(new Error('socket hang up'))));
        expect(await errorOf(write)).toMatchObject({ kind: 'unavailable', source: 'storage' });
      });

      it("when the source gives an error of the engine's own, which passes through", async () => {
        const gone = new ImportError({ kind: 'not_found', source: 'gong', publicMessage: 'Gone.' });
        expect(await errorOf(store.write(upload(key, breakingOff(gone))))).toBe(gone);
      });

      it.each([
        ['a few bytes', 1000],
        ['many megabytes', 20 * megabyte],
      ])('when it is aborted after %s of a source that stalls', async (_name, after) => {
        const controller = new AbortController();
        const source = stalling(after);
        const write = store.write({ ...upload(key, source.body), signal: controller.signal });
        await source.stalled;
        controller.abort();
        expect(await errorOf(write)).toMatchObject({ kind: 'timeout', source: 'storage' });
      });

      it('when it was aborted before it began', async () => {
        const write = store.write({ ...upload(key, generate(10)), signal: AbortSignal.abort() });
        expect(await errorOf(write)).toMatchObject({ kind: 'timeout' });
      });
    });

    describe('ranges', () => {
      const key = 'd/range.txt';
      beforeAll(() => put(store, key, ['0123456789']));

      it.each([
        [{ start: 0, end: null }, '0123456789'],
        [{ start: 3, end: null }, '3456789'],
        [{ start: 3, end: 5 }, '34'],
        [{ start: 9, end: 10 }, '9'],
        [{ start: 5, end: 100 }, '56789'],
        [{ start: 4, end: 4 }, ''],
      ])('%j gives "%s"', async (range, expected) => {
        expect(await collect(await store.read(key, range))).toBe(expected);
      });

      it.each([
        ['begins after the end', { start: 10, end: 12 }],
        ['is reversed', { start: 5, end: 4 }],
        ['is negative', { start: -1, end: 4 }],
        ['is not whole', { start: 0.5, end: 4 }],
      ])('refuses a range that %s', async (_name, range) => {
        expect(await errorOf(store.read(key, range))).toMatchObject({ kind: 'bad_request' });
      });
    });

    describe('JSON', () => {
      it('comes back as it was', async () => {
        const value = { text: 'Grüße 🎧', list: [1, null, { deep: true }] };
        await store.writeJson('e/value.json', value);
        expect(await store.readJson('e/value.json')).toEqual(value);
        expect(await store.find('e/value.json')).toMatchObject({ contentType: 'application/json' });
      });

      it('that is broken is our own fault and not quoted', async () => {
        await put(store, 'e/broken.json', ['{"participant": Jane}']);
        const error = await errorOf(store.readJson('e/broken.json'));
        expect(error).toMatchObject({ kind: 'internal', retryable: false });
        expect(error.message).not.toContain('Jane');
        expect(error.cause).toBeUndefined();
      });
    });

    describe('what is missing', () => {
      it('is null to find and to readJson', async () => {
        expect(await store.find('f/none')).toBeNull();
        expect(await store.readJson('f/none')).toBeNull();
      });

      it('is not_found to read, whole or in part', async () => {
        expect(await errorOf(store.read('f/none'))).toMatchObject({ kind: 'not_found' });
        const range = { start: 1, end: 2 };
        expect(await errorOf(store.read('f/none', range))).toMatchObject({ kind: 'not_found' });
        const empty = { start: 1, end: 1 };
        expect(await errorOf(store.read('f/none', empty))).toMatchObject({ kind: 'not_found' });
      });

      it('can be removed, twice', async () => {
        await put(store, 'f/removed.txt', ['x']);
        await store.remove('f/removed.txt');
        expect(await store.find('f/removed.txt')).toBeNull();
        await store.remove('f/removed.txt');
        await store.remove('f/never/there');
      });
    });

    describe('hostile keys', () => {
      it.each([
        ['empty', ''],
        ['absolute', '/etc/passwd'],
        ['climbing', '../outside'],
        ['climbing in the middle', 'a/../../outside'],
        ['with a dot segment', 'a/./b'],
        ['with an empty segment', 'a//b'],
        ['ending in a slash', 'a/'],
        ['with a backslash', 'a\\..\\b'],
        ['with a NUL', 'a\u0000b'],
        ['with a line break', 'a\nb'],
        ['with half a character', 'a/\ud800'],
        ['too long', 'k/'.repeat(513)],
        ['with a segment too long for a file name', 'k'.repeat(201)],
      ])('%s: refused by every method', async (_name, key) => {
        const refused = { kind: 'bad_request', source: 'storage' };
        expect(await errorOf(put(store, key, ['x']))).toMatchObject(refused);
        expect(await errorOf(store.writeJson(key, {}))).toMatchObject(refused);
        expect(await errorOf(store.readJson(key))).toMatchObject(refused);
        expect(await errorOf(store.find(key))).toMatchObject(refused);
        expect(await errorOf(store.read(key))).toMatchObject(refused);
        expect(await errorOf(store.remove(key))).toMatchObject(refused);
        expect(await errorOf(store.signRead(key, hour))).toMatchObject(refused);
        const options = { contentType: 'audio/wav', maxBytes: 1, expiresInMs: hour };
        expect(await errorOf(store.signWrite(key, options))).toMatchObject(refused);
        expect(() => store.uriOf(key)).toThrow(ImportError);
      });

      it('refuses a content type that would break a header', async () => {
        const write = store.write({ ...upload('a/b', generate(1)), contentType: 'a/b\r\nx: y' });
        expect(await errorOf(write)).toMatchObject({ kind: 'bad_request' });
      });
    });

    describe('signed links', () => {
      const link = { contentType: 'audio/wav', maxBytes: 2 * megabyte, expiresInMs: hour };

      it('read the object, whole and by range', async () => {
        await put(store, 'g/ä b.txt', ['0123456789']);
        const request = await store.signRead('g/ä b.txt', hour);
        expect(request).toMatchObject({ method: 'GET', headers: {} });
        const whole = await send(request);
        expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
        expect(whole.headers.get('content-type')).toBe('text/plain');
        expect(whole.headers.get('content-disposition')).toBe('attachment');
        const part = await send(request, { headers: { range: 'bytes=2-4' } });
        expect([part.status, await part.text()]).toEqual([206, '234']);
        expect(part.headers.get('content-range')).toBe('bytes 2-4/10');
      });

      it('write the object', async () => {
        const request = await store.signWrite('g/upload.wav', link);
        expect(request).toMatchObject({ method: 'PUT', headers: { 'content-type': 'audio/wav' } });
        const response = await send(request, { body: Buffer.alloc(2 * megabyte, 7) });
        expect(response.status).toBe(200);
        expect(await store.find('g/upload.wav')).toMatchObject({
          sizeBytes: 2_097_152,
          contentType: 'audio/wav',
        });
      });

      it('find nothing where nothing is', async () => {
        expect((await send(await store.signRead('g/none', hour))).status).toBe(404);
      });

      it('are refused when they are expired', async () => {
        await put(store, 'g/expired.txt', ['x']);
        const read = await store.signRead('g/expired.txt', 60_000);
        const write = await store.signWrite('g/expired.wav', { ...link, expiresInMs: 60_000 });
        harness.advance(61_000);
        expect(await refusal(send(read))).toBe('refused');
        expect(await refusal(send(write, { body: 'x' }))).toBe('refused');
        expect(await store.find('g/expired.wav')).toBeNull();
      });

      it('are refused when they were tampered with', async () => {
        await put(store, 'g/mine.txt', ['x']);
        await put(store, 'g/yours.txt', ['y']);
        const read = await store.signRead('g/mine.txt', hour);
        const others = [read.url.replace('mine', 'yours'), ...tampered(read.url)];
        for (const url of others) expect(await refusal(send({ ...read, url }))).toBe('refused');
      });

      it('are refused for an upload when they were tampered with', async () => {
        const write = await store.signWrite('g/mine.wav', link);
        const others = [write.url.replace('mine', 'yours'), ...tampered(write.url)];
        for (const url of others)
          expect(await refusal(send({ ...write, url }, { body: 'x' }))).toBe('refused');
        expect(await store.find('g/mine.wav')).toBeNull();
        expect(await store.find('g/yours.wav')).toBeNull();
      });

      it('are refused for another method', async () => {
        await put(store, 'g/method.txt', ['x']);
        const read = await store.signRead('g/method.txt', hour);
        const write = await store.signWrite('g/method.txt', link);
        expect(await refusal(send({ ...read, method: 'PUT' }, { body: 'y' }))).toBe('refused');
        expect(await refusal(send({ ...write, method: 'GET' }))).toBe('refused');
        expect(await text(store, 'g/method.txt')).toBe('x');
      });

      it('are refused for another type', async () => {
        const request = await store.signWrite('g/type.wav', link);
        const headers = { 'content-type': 'text/html' };
        expect(await refusal(send(request, { body: 'x', headers }))).toBe('refused');
        expect(await store.find('g/type.wav')).toBeNull();
      });

      it('are refused for a file that is too large', async () => {
        const request = await store.signWrite('g/size.wav', { ...link, maxBytes: 10 });
        expect(await refusal(send(request, { body: '12345678901' }))).toBe('refused');
        const streamed = ReadableStream.from([Buffer.from('123456'), Buffer.from('78901')]);
        expect(await refusal(send(request, { body: streamed }))).toBe('refused');
        expect(await store.find('g/size.wav')).toBeNull();
      });

      it.each([0, 999, 8 * 24 * hour, Number.NaN])('cannot live %s ms', async (expiresInMs) => {
        expect(await errorOf(store.signRead('g/a', expiresInMs))).toMatchObject({
          kind: 'bad_request',
        });
      });
    });
  });
}

/** Of what `generate(64 * megabyte)` yields. */
const sha256Of64Megabytes = '1c7016b71f80bb3cf89b15d2167d19ec0f7f630e79094214ba4a72d7338df35e';

function upload(key: string, body: AsyncIterable<Uint8Array>) {
  return { key, contentType: 'text/plain', body, maxBytes: 64 * megabyte, expectedBytes: null };
}

function put(store: ObjectStore, key: string, chunks: string[]) {
  return store.write(upload(key, ReadableStream.from(chunks.map((chunk) => Buffer.from(chunk)))));
}

async function text(store: ObjectStore, key: string): Promise<string> {
  return collect(await store.read(key));
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Chunks of 64 KiB, every one filled with its number; `onProgress` is called every 8 MB. */
async function* generate(sizeBytes: number, onProgress = () => {}): AsyncGenerator<Uint8Array> {
  const chunkBytes = 65_536;
  for (let sent = 0; sent < sizeBytes; sent += chunkBytes) {
    if (sent % (8 * megabyte) === 0) onProgress();
    yield Buffer.alloc(Math.min(chunkBytes, sizeBytes - sent), (sent / chunkBytes) % 251);
  }
}

async function* breakingOff(error: Error): AsyncGenerator<Uint8Array> {
  yield Buffer.from('some');
  throw error;
}

function stalling(afterBytes: number): {
  body: AsyncIterable<Uint8Array>;
  stalled: Promise<void>;
} {
  const { promise: stalled, resolve } = Promise.withResolvers<void>();
  async function* body(): AsyncGenerator<Uint8Array> {
    yield* generate(afterBytes);
    resolve();
    await new Promise(() => {});
  }
  return { body: body(), stalled };
}

/** Memory that is in use, not merely not yet collected. */
function watchMemory(): { sample: () => void; peakBytes: () => number } {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  const used = (): number => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  let peak = before;
  return { sample: () => void (peak = Math.max(peak, used())), peakBytes: () => peak - before };
}

function send(request: SignedRequest, init: RequestInit = {}): Promise<Response> {
  const headers = { ...request.headers, ...Object.fromEntries(new Headers(init.headers)) };
  return fetch(request.url, { ...init, method: request.method, headers, duplex: 'half' });
}

/** The same link with each parameter changed, and with each left out. */
function tampered(link: string): string[] {
  return [...new URL(link).searchParams.keys()].flatMap((name) => {
    const changed = new URL(link);
    const value = changed.searchParams.get(name) ?? '';
    changed.searchParams.set(name, value.slice(0, -1) + (value.endsWith('9') ? '8' : '9'));
    const removed = new URL(link);
    removed.searchParams.delete(name);
    return [changed.href, removed.href];
  });
}

/** Both stores refuse, each in the words of its protocol. */
async function refusal(sending: Promise<Response>): Promise<string> {
  const response = await sending;
  await response.text();
  return response.status >= 400 && response.status < 500 ? 'refused' : `${response.status}`;
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
