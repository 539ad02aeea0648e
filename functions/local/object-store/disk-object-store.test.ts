import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { z } from 'zod';
import { testObjectStore } from '../../test/support/object-store.testsuite.ts';
import { createDiskObjectStore } from './disk-object-store.ts';
import type { DiskObjectStore } from './disk-object-store.ts';
import { createObjectHandler } from './object-handler.ts';

interface Harness {
  readonly store: DiskObjectStore;
  readonly options: Parameters<typeof createDiskObjectStore>[0];
  readonly folder: string;
  advance(ms: number): void;
  close(): Promise<void>;
}

async function start(): Promise<Harness> {
  const folder = mkdtempSync(join(tmpdir(), 'disk-store-'));
  let nowMs = Date.parse('2026-01-05T22:00:00Z');
  let baseUrl = '';
  const options = {
    folder,
    signingKey: 'a key for tests',
    baseUrl: () => baseUrl,
    clock: { now: () => new Date(nowMs) },
  };
  const store = createDiskObjectStore(options);
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const started = serve(
      { fetch: createObjectHandler(store), hostname: '127.0.0.1', port: 0 },
      ({ port }) => {
        baseUrl = `http://127.0.0.1:${port}`;
        resolve(started);
      },
    );
  });
  return {
    store,
    options,
    folder,
    advance: (ms) => void (nowMs += ms),
    async close() {
      if ('closeAllConnections' in server) server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

testObjectStore('A folder', start);

describe('A folder', () => {
  let harness: Harness;
  let store: DiskObjectStore;
  beforeEach(async () => {
    harness = await start();
    store = harness.store;
  });
  afterEach(() => harness.close());

  const put = (key: string, content: string, contentType = 'audio/mpeg') =>
    store.write({
      key,
      contentType,
      body: ReadableStream.from([Buffer.from(content)]),
      maxBytes: 1000,
      expectedBytes: null,
    });

  it('leaves no unfinished file, whether a write ends well or not', async () => {
    await put('a/b', 'x');
    await expect(put('a/c', 'x'.repeat(1001))).rejects.toMatchObject({ kind: 'contract' });
    expect(readdirSync(join(harness.folder, 'unfinished'))).toEqual([]);
    expect(readdirSync(join(harness.folder, 'local', 'a'))).toEqual(['b']);
  });

  it('sweeps what a crash left a day ago, and nothing younger', async () => {
    const unfinished = join(harness.folder, 'unfinished');
    mkdirSync(unfinished, { recursive: true });
    for (const [name, time] of [
      ['old', '2026-01-04T21:00:00Z'],
      ['young', '2026-01-05T21:00:00Z'],
    ] as const) {
      writeFileSync(join(unfinished, name), '');
      utimesSync(join(unfinished, name), new Date(time), new Date(time));
    }
    await put('a/b', 'x');
    expect(readdirSync(unfinished)).toEqual(['young']);
  });

  it('holds an object as the very bytes that came, at a path that a person can open', async () => {
    await put('calls/media.mp3', 'the bytes');
    expect(store.pathOf('calls/media.mp3')).toBe(join(harness.folder, 'local/calls/media.mp3'));
    expect(readFileSync(store.pathOf('calls/media.mp3'), 'utf8')).toBe('the bytes');
  });

  it('knows the type of an object whose name does not tell it, after a restart as well', async () => {
    await put('uploads/one', 'x', 'video/webm');
    await put('calls/media.mp3', 'x', 'audio/mpeg');
    const again = createDiskObjectStore(harness.options);
    expect(await again.find('uploads/one')).toMatchObject({ contentType: 'video/webm' });
    expect(await again.find('calls/media.mp3')).toMatchObject({ contentType: 'audio/mpeg' });
  });

  it('takes the checksums anew when somebody changed the file', async () => {
    await put('a/b.json', '1');
    const before = await store.find('a/b.json');
    writeFileSync(store.pathOf('a/b.json'), 'changed');
    const after = await store.find('a/b.json');
    expect(after?.md5).not.toBe(before?.md5);
    expect(after).toMatchObject({ sizeBytes: 7, md5: 'iXffrC+OBMuW5miCI19aug==' });
  });

  it('says that a key cannot lie inside another object', async () => {
    await put('a/b', 'x');
    await expect(put('a/b/c', 'y')).rejects.toMatchObject({ kind: 'bad_request' });
    await expect(put('a', 'y')).rejects.toMatchObject({ kind: 'bad_request' });
    expect(await store.find('a')).toBeNull();
    expect(await store.find('a/b/c')).toBeNull();
  });

  it('is read by a second store on the same folder', async () => {
    await put('a/b', 'x');
    const second = createDiskObjectStore({
      folder: harness.folder,
      signingKey: 'another',
      baseUrl: () => 'http://127.0.0.1:1',
      clock: { now: () => new Date(0) },
    });
    expect(await second.find('a/b')).toEqual(await store.find('a/b'));
    const link = await store.signRead('a/b', 60_000);
    expect(second.links.check(new URL(link.url))).toEqual({ status: 'forged' });
  });

  it('writes nothing outside its folder', async () => {
    await put('a/%2e%2e/b', 'x');
    expect(existsSync(join(harness.folder, 'local', 'a', '%252e%252e', 'b'))).toBe(true);
  });

  describe('its links', () => {
    const link = { contentType: 'audio/wav', maxBytes: 10, expiresInMs: 60_000 };

    it.each([
      ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/storage/a/storage/b%20c'],
      ['http://127.0.0.1:8080/storage/', 'http://127.0.0.1:8080/storage/storage/a/storage/b%20c'],
    ])('lie below %s', async (baseUrl, address) => {
      const clock = { now: () => new Date('2026-01-05T22:00:00Z') };
      const placed = createDiskObjectStore({
        folder: harness.folder,
        signingKey: 'key',
        baseUrl: () => baseUrl,
        clock,
      });
      const { url, expiresAt } = await placed.signRead('a/storage/b c', 60_000);
      expect(url.split('?')[0]).toBe(address);
      expect(expiresAt).toEqual(new Date('2026-01-05T22:01:00Z'));
      expect(placed.links.check(new URL(url))).toMatchObject({
        status: 'valid',
        grant: { method: 'GET', key: 'a/storage/b c' },
      });
      const elsewhere = url.replace(':8080/storage/', ':8080/other/');
      expect(placed.links.check(new URL(elsewhere))).toEqual({ status: 'forged' });
    });

    it('answer HEAD with the size and no body', async () => {
      await put('a/b', '0123456789');
      const { url } = await store.signRead('a/b', 60_000);
      const response = await fetch(url, { method: 'HEAD' });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-length')).toBe('10');
      expect(response.headers.get('accept-ranges')).toBe('bytes');
      expect(await response.text()).toBe('');
    });

    it.each([
      ['bytes=-3', 206, '789', 'bytes 7-9/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=-100', 206, '0123456789', 'bytes 0-9/10'],
      ['bytes=8-100', 206, '89', 'bytes 8-9/10'],
      ['bytes=0-1,4-5', 200, '0123456789', null],
      ['bytes=5-4', 200, '0123456789', null],
      ['seconds=1-2', 200, '0123456789', null],
    ])('answer the range %s with %i', async (range, status, body, contentRange) => {
      await put('a/b', '0123456789');
      const { url } = await store.signRead('a/b', 60_000);
      const response = await fetch(url, { headers: { range } });
      expect([response.status, await response.text()]).toEqual([status, body]);
      expect(response.headers.get('content-range')).toBe(contentRange);
    });

    it.each(['bytes=10-', 'bytes=-0'])('refuse the range %s, and say the size', async (range) => {
      await put('a/b', '0123456789');
      const { url } = await store.signRead('a/b', 60_000);
      const response = await fetch(url, { headers: { range } });
      expect(response.status).toBe(416);
      expect(response.headers.get('content-range')).toBe('bytes */10');
      await response.text();
    });

    it('send the whole object when the range was meant for another version', async () => {
      await put('a/b', '0123456789');
      const { url } = await store.signRead('a/b', 60_000);
      const first = await fetch(url, { headers: { range: 'bytes=0-1' } });
      const etag = first.headers.get('etag') ?? '';
      await first.text();
      const same = await fetch(url, { headers: { range: 'bytes=2-3', 'if-range': etag } });
      expect(await same.text()).toBe('23');
      await put('a/b', 'abcdefghij');
      const changed = await fetch(url, { headers: { range: 'bytes=2-3', 'if-range': etag } });
      expect([changed.status, await changed.text()]).toEqual([200, 'abcdefghij']);
    });

    it('can be used from a page of another origin, and never be run as one', async () => {
      await put('a/b', 'x');
      const { url } = await store.signRead('a/b', 60_000);
      const preflight = await fetch(url, { method: 'OPTIONS' });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD, PUT');
      const response = await fetch(url);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('content-security-policy')).toContain('sandbox');
      await response.text();
    });

    it('are refused as problems that say what to do', async () => {
      const { url } = await store.signRead('a/b', 60_000);
      const upload = await store.signWrite('a/c', link);
      const problemOf = async (target: string, init?: RequestInit) => {
        const response = await fetch(target, init);
        expect(response.headers.get('content-type')).toBe('application/problem+json');
        const body = await response.json();
        expect(body).toMatchObject({ type: 'about:blank', status: response.status });
        return [response.status, z.object({ detail: z.string() }).parse(body).detail];
      };
      const headers = { 'content-type': 'audio/wav' };
      expect(await problemOf(url)).toEqual([404, 'The file is no longer stored.']);
      expect(await problemOf(`${url}x`)).toEqual([
        403,
        'The link is not one of ours or was changed: use it as it was given.',
      ]);
      expect(await problemOf(url, { method: 'DELETE' })).toEqual([
        405,
        'The link is for GET only.',
      ]);
      expect(await problemOf(upload.url, { method: 'PUT', body: 'x' })).toEqual([
        415,
        'Send the file with "Content-Type: audio/wav".',
      ]);
      expect(await problemOf(upload.url, { method: 'PUT', body: '12345678901', headers })).toEqual([
        413,
        'The file may have at most 10 bytes.',
      ]);
      await put('a/b', 'x');
      const inside = await store.signWrite('a/b/c', link);
      expect(await problemOf(inside.url, { method: 'PUT', body: 'x', headers })).toEqual([
        400,
        'A key can not lie inside another object.',
      ]);
      harness.advance(60_001);
      expect(await problemOf(url)).toEqual([
        403,
        'The link ended at 2026-01-05T22:01:00.000Z: get another.',
      ]);
    });

    it('stop reading the file when the player goes away', async () => {
      await store.write({
        key: 'a/long',
        contentType: 'audio/mpeg',
        body: ReadableStream.from(Array.from({ length: 64 }, () => Buffer.alloc(262_144))),
        maxBytes: 20_000_000,
        expectedBytes: 16_777_216,
      });
      const { url } = await store.signRead('a/long', 60_000);
      const response = await fetch(url);
      await response.body?.cancel();
      await expect(store.remove('a/long')).resolves.toBeUndefined();
    });
  });
});
