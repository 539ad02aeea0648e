import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImportError } from '../../core/errors.ts';
import { toUploadKey as toCoreUploadKey } from '../../core/imports/create-uploads.ts';
import type { SourceCall, SourceCallPage } from '../../core/imports/source-call.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { manualContext } from './manual.context.ts';
import { toUploadKey } from './manual.keys.ts';
import { createSandboxObjects } from './manual.sandbox-objects.ts';
import type { StoredBatchInput } from './manual.schema.ts';

const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, 'fixtures', name));
const ann = {
  id: null,
  name: 'Ann',
  email: 'ann@acme.test',
  phone: null,
  role: 'external' as const,
  attended: null,
};
const everything = { dateRange: { start: null, end: null }, filters: {} };

type Upload = Partial<StoredBatchInput['files'][number]> & { readonly bytes: Uint8Array | null };

/** A store with a batch of these uploads and the context that imports it. */
async function openBatch(uploads: readonly Upload[], options = { isComposed: false }) {
  const clock = createFakeClock();
  const objects = createSandboxObjects(clock.now);
  const files = uploads.map(({ bytes, ...said }, index) => {
    const uploadId = said.uploadId ?? `u${String(index)}`;
    if (bytes !== null) objects.put(`customers/c1/uploads/${uploadId}`, bytes, options);
    const unsaid = { fileName: `call ${String(index)}.wav`, title: null, startedAt: null };
    const key = `customers/c1/uploads/${uploadId}`;
    return { participants: [], ...unsaid, ...said, uploadId, key };
  });
  const credentials = { batchKey: 'customers/c1/uploads/batches/b1.json' };
  const batch: StoredBatchInput = { customerId: 'c1', batchId: 'b1', files };
  await objects.writeJson(credentials.batchKey, batch);
  const context = manualContext.create({
    clock,
    sleep: clock.sleep,
    random: () => 0.5,
    objects,
  });
  const list = async (cursor: string | null = null) => {
    const pages: SourceCallPage[] = [];
    for await (const page of context.listCalls(credentials, { ...everything, cursor })) {
      pages.push(page);
    }
    return pages;
  };
  const listOne = async (): Promise<SourceCall> => {
    const [call] = (await list()).flatMap((page) => page.calls);
    if (call === undefined) throw new Error('nothing was listed');
    return call;
  };
  return { context, credentials, objects, list, listOne };
}

async function refusal(work: Promise<unknown>): Promise<ImportError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof ImportError) return outcome;
  throw new Error('expected a refusal');
}

/** Different bytes of one length that are no recording. */
const bytesOf = (text: string) => Buffer.alloc(64, text);

describe('the key of an upload', () => {
  it('is the one that the core signs links for', () => {
    const upload = { customerId: 'c1', uploadId: 'u1' };
    expect(toUploadKey(upload)).toBe('customers/c1/uploads/u1');
    expect(toCoreUploadKey('c1', 'u1')).toBe(toUploadKey(upload));
  });
});

describe('an uploaded recording', () => {
  it('is a call by its content, with what was said about it and what was measured', async () => {
    const bytes = fixture('video.mp4');
    const { context, credentials, listOne } = await openBatch([
      {
        bytes,
        fileName: 'C:\\Zoom\\Demo with Acme.final.mp4',
        startedAt: '2025-03-01T10:00:00+02:00',
        participants: [ann],
      },
    ]);
    const listed = await listOne();
    const said = {
      title: 'Demo with Acme.final',
      startedAt: new Date('2025-03-01T08:00:00Z'),
      participants: [ann],
      sourceUrl: null,
      direction: null,
      summary: null,
    };
    expect(listed).toEqual({
      sourceCallId: `md5-${createHash('md5').update(bytes).digest('hex')}-7267`,
      metadata: { ...said, durationSeconds: null, mediaKind: null },
    });
    expect(await context.fetchCall(credentials, listed)).toEqual({
      metadata: { ...said, durationSeconds: 1.6, mediaKind: 'video' },
      media: { kind: 'stored', key: 'customers/c1/uploads/u0', contentType: 'video/mp4' },
    });
  });

  it('has no start when nobody gave one, and the title that somebody gave', async () => {
    const { listOne } = await openBatch([{ bytes: fixture('mono.flac'), title: 'Renewal' }]);
    expect((await listOne()).metadata).toMatchObject({ title: 'Renewal', startedAt: null });
  });

  it.each([
    ['.wav', '.wav'],
    ['no extension', 'no extension'],
    ['folder/call.2025.03.01.MP3', 'call.2025.03.01'],
    ['商談.m4a', '商談'],
  ])('called %j is titled %j', async (fileName, title) => {
    const { listOne } = await openBatch([{ bytes: bytesOf('a'), fileName }]);
    expect((await listOne()).metadata.title).toBe(title);
  });

  it('has the same id when the store composed it and knows no MD5', async () => {
    const upload = { bytes: fixture('opus.ogg') };
    const whole = await (await openBatch([upload])).listOne();
    const composed = await openBatch([upload], { isComposed: true });
    expect((await composed.listOne()).sourceCallId).toBe(whole.sourceCallId);
  });

  it('is examined without being read in full', async () => {
    const bytes = Buffer.concat([fixture('mulaw.wav'), Buffer.alloc(30_000_000)]);
    bytes.writeUInt32LE(12_000 + 30_000_000, bytes.indexOf('data') + 4);
    const { context, credentials, objects, listOne } = await openBatch([{ bytes }]);
    const listed = await listOne();
    const { metadata } = await context.fetchCall(credentials, listed);
    expect(metadata.durationSeconds).toBe(3751.5);
    expect(objects.readBytes).toBeLessThan(300_000);
  });

  it('streams as it was uploaded', async () => {
    const { context, credentials, listOne } = await openBatch([{ bytes: fixture('live.webm') }]);
    const { media } = await context.fetchCall(credentials, await listOne());
    if (media === null) throw new Error('no media');
    const { body, ...stream } = await context.openMedia(credentials, media);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    expect(stream).toEqual({ contentType: 'audio/webm', sizeBytes: 2743 });
    expect(Buffer.concat(chunks)).toEqual(fixture('live.webm'));
  });
});

describe('the same file uploaded twice', () => {
  it('is one call and counts as one', async () => {
    const bytes = fixture('mono.flac');
    const { context, credentials, list } = await openBatch([
      { bytes, fileName: 'a.flac' },
      { bytes: fixture('opus.ogg') },
      { bytes, fileName: 'copy of a.flac' },
    ]);
    const ids = (await list()).flatMap((page) => page.calls).map((call) => call.sourceCallId);
    expect(ids[2]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(2);
    expect(await context.countCalls?.(credentials, everything)).toBe(2);
  });
});

describe('a file that cannot be imported', () => {
  it.each([
    [
      null,
      '“gone.mp3”: it had not been uploaded when the import began. Upload it again and start a new import with it.',
    ],
    [
      new Uint8Array(0),
      '“gone.mp3”: it was empty when the import began. Upload it again and start a new import with it.',
    ],
    [
      bytesOf('text '),
      '“gone.mp3”: The file is not a recording of a supported type, whatever its name says. Supported are MP3, M4A, WAV, FLAC, OGG, MP4, MOV and WebM.',
    ],
    [
      fixture('mulaw.wav').subarray(0, 6000),
      '“gone.mp3”: The file is damaged or incomplete: it ends after 5942 of 12000 bytes of sound. Export it again and upload the new copy.',
    ],
  ])('fails by its name while the others go on (%#)', async (bytes, publicMessage) => {
    const { context, credentials, list } = await openBatch([
      { bytes, fileName: 'gone.mp3', title: 'Some title' },
      { bytes: fixture('mono.flac') },
    ]);
    const [bad, good] = (await list()).flatMap((page) => page.calls);
    if (bad === undefined || good === undefined) throw new Error('not both were listed');
    expect(await refusal(context.fetchCall(credentials, bad))).toMatchObject({
      kind: 'bad_request',
      source: 'manual',
      retryable: false,
      publicMessage,
    });
    expect((await context.fetchCall(credentials, good)).metadata.durationSeconds).toBe(1.5);
    expect(await context.countCalls?.(credentials, everything)).toBe(2);
  });

  it('stays failed though it comes later: its content is another call', async () => {
    const { context, credentials, objects, listOne } = await openBatch([{ bytes: null }]);
    const missing = await listOne();
    expect(missing.sourceCallId).toBe('missing-u0');
    objects.put('customers/c1/uploads/u0', fixture('mono.flac'));
    expect((await refusal(context.fetchCall(credentials, missing))).kind).toBe('bad_request');
    expect((await listOne()).sourceCallId).toMatch(/^md5-/);
  });

  it('fails when it was replaced after it was listed', async () => {
    const { context, credentials, objects, listOne } = await openBatch([
      { bytes: fixture('mono.flac'), fileName: 'a.flac' },
    ]);
    const listed = await listOne();
    objects.put('customers/c1/uploads/u0', fixture('opus.ogg'));
    expect((await refusal(context.fetchCall(credentials, listed))).publicMessage).toBe(
      '“a.flac”: it was replaced after the import began; import it again.',
    );
  });

  it('leaves an outage of the store an outage', async () => {
    const { context, credentials, objects, listOne } = await openBatch([
      { bytes: fixture('mono.flac') },
    ]);
    const listed = await listOne();
    const outage = new ImportError({
      kind: 'unavailable',
      source: 'storage',
      publicMessage: 'The bucket does not answer.',
    });
    objects.read = () => Promise.reject(outage);
    expect(await refusal(context.fetchCall(credentials, listed))).toBe(outage);
  });
});

describe('listing a batch', () => {
  const many = Array.from({ length: 230 }, (_, index) => ({ bytes: bytesOf(`${String(index)} `) }));

  it('gives pages of 100 files and resumes from each cursor without loss', async () => {
    const { list } = await openBatch(many);
    const pages = await list();
    expect(pages.map((page) => page.calls.length)).toEqual([100, 100, 30]);
    expect(pages.at(-1)?.nextCursor).toBeNull();
    expect(await list(pages[0]?.nextCursor ?? null)).toEqual(pages.slice(1));
    expect(await list(pages[1]?.nextCursor ?? null)).toEqual(pages.slice(2));
  });

  it('looks at no file of a page that nobody asks for', async () => {
    const { context, credentials, objects } = await openBatch(many);
    const looked: string[] = [];
    const find = objects.find;
    objects.find = (key) => {
      looked.push(key);
      return find(key);
    };
    const listing = context.listCalls(credentials, { ...everything, cursor: null });
    expect((await listing.next()).done).toBe(false);
    expect(looked).toHaveLength(100);
  });

  it('stops when it is aborted', async () => {
    const { context, credentials } = await openBatch(many);
    const controller = new AbortController();
    const options = { ...everything, cursor: null };
    const listing = context.listCalls(credentials, options, controller.signal);
    await listing.next();
    controller.abort();
    expect((await refusal(listing.next())).kind).toBe('timeout');
  });
});

describe('a batch that cannot be read', () => {
  it('is reported as invalid when there is none', async () => {
    const { context } = await openBatch([]);
    for (const batchKey of ['customers/c1/uploads/batches/b2.json', 'customers/c1/../x', 'x']) {
      expect(await context.validateCredentials({ batchKey })).toEqual({
        valid: false,
        error:
          'Manual upload has no such batch: upload the files first, then import them with the batch that the upload answered with.',
      });
    }
  });

  it('is refused when its manifest names another customer', async () => {
    const { context, credentials, objects } = await openBatch([]);
    await objects.writeJson(credentials.batchKey, { batchId: 'b1', customerId: 'c2', files: [] });
    expect((await refusal(context.validateCredentials(credentials))).kind).toBe('contract');
  });

  it('is refused when its manifest is no manifest', async () => {
    const { context, credentials, objects } = await openBatch([]);
    await objects.writeJson(credentials.batchKey, { batchId: 'b1', customerId: 'c1' });
    expect(await refusal(context.validateCredentials(credentials))).toMatchObject({
      kind: 'contract',
      publicMessage: expect.stringContaining('files'),
    });
  });
});

describe('accepting a batch', () => {
  const uploads = [
    { uploadId: 'u1', fileName: 'a.flac' },
    { uploadId: 'u2', fileName: 'b.ogg' },
  ];

  async function accept(metadata: unknown, files = uploads) {
    const opened = await openBatch([]);
    const { acceptUploads } = opened.context;
    if (acceptUploads === undefined) throw new Error('it takes no uploads');
    const batch = { customerId: 'c1', uploads: files, metadata };
    return { ...opened, batchKey: (await acceptUploads(batch))['batchKey'] };
  }

  it('stores what was said about each file, by which an import lists it', async () => {
    const csv =
      'file,title,date,participants\na.flac,Demo,2025-03-31T14:05+02:00,Ann <ann@acme.test> (external)';
    const { batchKey, context, objects } = await accept(csv);
    expect(batchKey).toMatch(/^customers\/c1\/uploads\/batches\/[0-9a-f]{32}\.json$/);
    objects.put('customers/c1/uploads/u1', fixture('mono.flac'));
    const credentials = context.parseCredentials({ batchKey });
    expect(await context.validateCredentials(credentials)).toEqual({ valid: true });
    const listing = context.listCalls(credentials, { ...everything, cursor: null });
    const page = await listing.next();
    const startedAt = new Date('2025-03-31T12:05:00Z');
    expect(page.value).toMatchObject({
      calls: [
        { metadata: { title: 'Demo', startedAt, participants: [ann] } },
        { sourceCallId: 'missing-u2', metadata: { title: 'b', startedAt: null, participants: [] } },
      ],
    });
  });

  it('gives the same batch for the same request, and another for another', async () => {
    const { batchKey } = await accept([{ file: 'a.flac', title: 'x' }]);
    expect((await accept([{ file: 'a.flac', title: 'x' }])).batchKey).toBe(batchKey);
    expect((await accept([{ file: 'a.flac', title: 'y' }])).batchKey).not.toBe(batchKey);
  });

  it('refuses metadata that is wrong, by line and column', async () => {
    expect(await refusal(accept('file,date\na.flac,soon\n'))).toMatchObject({
      kind: 'bad_request',
      publicMessage: expect.stringContaining('line 2, date: “soon” is no date'),
    });
    expect((await refusal(accept([{ file: 'c.flac' }]))).publicMessage).toContain(
      '/0/file: No file “c.flac” was uploaded.',
    );
  });

  it('refuses an upload whose id could not be one of ours', async () => {
    const odd = [{ uploadId: '../u1', fileName: 'a.flac' }];
    expect(await refusal(accept([], odd))).toMatchObject({
      kind: 'bad_request',
      publicMessage: expect.stringContaining('files[0].uploadId'),
    });
  });
});
