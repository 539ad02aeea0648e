import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDiskObjectStore } from '../../../local/object-store/disk-object-store.ts';
import { sampleCall, sampleMetadata } from '../testing/sample-records.ts';
import type { Credentials, ImportContext } from './import-context.ts';
import type { MediaSource, MediaStream } from './source-call.ts';
import { storeMedia } from './store-media.ts';

const recording = Buffer.from('ID3 a recording of eleven words and some silence at its end');
const folderKey = 'customers/customer-1/calls/call-1';

async function* inChunks(bytes: Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size)
    yield bytes.subarray(start, start + size);
}

interface Opened {
  readonly credentials: Credentials;
  readonly media: MediaSource;
  readonly signal: AbortSignal | undefined;
}

/** A platform whose recordings open as `stream` says; it keeps what it was asked for. */
function createContext(stream: Partial<MediaStream>): { context: ImportContext; opened: Opened[] } {
  const opened: Opened[] = [];
  const context: ImportContext = {
    platform: 'gong',
    displayName: 'Gong',
    auth: 'api_key',
    capabilities: {
      historicalImport: true,
      ongoingSync: false,
      transcriptReuse: false,
      exactCount: false,
      uploads: false,
    },
    rateLimits: { requestsPerSecond: 3, requestsPerDay: null },
    accountOf: () => {
      throw new Error('not asked');
    },
    parseCredentials: () => ({}),
    validateCredentials: async () => ({ valid: true }),
    async *listCalls() {
      yield { calls: [], nextCursor: null };
    },
    fetchCall: async () => ({ metadata: sampleMetadata, media: null }),
    async openMedia(credentials, media, signal) {
      opened.push({ credentials, media, signal });
      return { contentType: null, sizeBytes: null, body: inChunks(recording), ...stream };
    },
  };
  return { context, opened };
}

describe('storeMedia', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'store-media-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function store(
    stream: Partial<MediaStream>,
    options: { media?: MediaSource; maxBytes?: number; signal?: AbortSignal } = {},
  ) {
    const objects = createDiskObjectStore({
      folder,
      signingKey: 'key',
      baseUrl: () => 'http://localhost',
      clock: { now: () => new Date('2026-03-02T12:00:00Z') },
    });
    const { context, opened } = createContext(stream);
    const storing = storeMedia({
      context,
      credentials: { apiKey: 'k' },
      objects,
      call: sampleCall('downloading'),
      media: { kind: 'url', url: 'https://media.gong.example/7742' },
      maxBytes: 1_000,
      signal: new AbortController().signal,
      ...options,
    });
    return { objects, opened, storing };
  }

  it('brings every byte over and says what it stored', async () => {
    const { objects, storing } = await store({ contentType: 'audio/mpeg', sizeBytes: 59 });

    const media = await storing;

    expect(media).toStrictEqual({
      key: `${folderKey}/media.mp3`,
      contentType: 'audio/mpeg',
      sizeBytes: 59,
      sha256: createHash('sha256').update(recording).digest('hex'),
      crc32c: expect.stringMatching(/^[\w+/]{6}==$/),
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of await objects.read(media.key)) chunks.push(chunk);
    expect(Buffer.concat(chunks)).toEqual(recording);
    expect(await objects.find(media.key)).toMatchObject({
      contentType: 'audio/mpeg',
      crc32c: media.crc32c,
    });
  });

  it('opens the recording that it is told to, with the job’s credentials and signal', async () => {
    const media = { kind: 'stored', key: 'uploads/1' } as const;
    const { signal } = new AbortController();
    const { opened, storing } = await store({}, { media, signal });
    await storing;

    expect(opened).toEqual([{ credentials: { apiKey: 'k' }, media, signal }]);
    expect(opened[0]?.signal).toBe(signal);
  });

  it.each([
    ['audio/mpeg', 'mp3'],
    ['audio/mp3', 'mp3'],
    ['audio/mp4', 'm4a'],
    ['audio/x-m4a', 'm4a'],
    ['audio/aac', 'aac'],
    ['audio/wav', 'wav'],
    ['audio/x-wav', 'wav'],
    ['audio/wave', 'wav'],
    ['audio/flac', 'flac'],
    ['audio/ogg', 'ogg'],
    ['audio/webm', 'webm'],
    ['video/mp4', 'mp4'],
    ['video/webm', 'webm'],
    ['video/quicktime', 'mov'],
    ['video/x-matroska', 'mkv'],
    ['application/octet-stream', 'bin'],
    ['audio/../../x', 'bin'],
    ['constructor', 'bin'],
  ])('keeps %s under the extension %s', async (contentType, extension) => {
    const { storing } = await store({ contentType });

    expect(await storing).toMatchObject({ contentType, key: `${folderKey}/media.${extension}` });
  });

  it.each<[string, string | null, string | null, string]>([
    ['what the download says', 'audio/ogg', 'audio/mpeg', 'audio/ogg'],
    ['what the platform said where the download does not', null, 'audio/mpeg', 'audio/mpeg'],
    [
      'what the platform said where the server knows nothing',
      'binary/octet-stream',
      'audio/mpeg',
      'audio/mpeg',
    ],
    ['what the platform said before a blank', '', 'Audio/MPEG', 'audio/mpeg'],
    ['no parameters and no capitals', 'Audio/OGG; codecs=opus', null, 'audio/ogg'],
    ['bytes where nobody says', null, null, 'application/octet-stream'],
    ['bytes where a type is blank', ' ; charset=utf-8', null, 'application/octet-stream'],
  ])('takes for its type %s', async (_name, ofStream, ofMedia, expected) => {
    const media = {
      kind: 'url',
      url: 'https://media.gong.example/1',
      contentType: ofMedia,
    } as const;
    const { storing } = await store({ contentType: ofStream }, { media });

    expect(await storing).toMatchObject({ contentType: expected });
  });

  it('takes bytes for its type where the platform never speaks of types', async () => {
    const { storing } = await store({});

    expect(await storing).toMatchObject({ contentType: 'application/octet-stream' });
  });

  it('replaces the same object when it runs again', async () => {
    const first = await store({ contentType: 'audio/mpeg' });
    const { key } = await first.storing;
    const again = await store({
      contentType: 'audio/mpeg',
      body: inChunks(Buffer.from('another recording')),
    });

    expect(await again.storing).toMatchObject({ key, sizeBytes: 17 });
    expect(await again.objects.find(key)).toMatchObject({ sizeBytes: 17 });
  });

  it.each([
    ['larger than allowed', { sizeBytes: null }, { maxBytes: 58 }, 'contract'],
    ['shorter than announced', { sizeBytes: 60 }, {}, 'unavailable'],
    ['longer than announced', { sizeBytes: 58 }, {}, 'unavailable'],
  ])('stores nothing of a recording that is %s: %3$s', async (_name, stream, options, kind) => {
    const { objects, storing } = await store({ contentType: 'audio/mpeg', ...stream }, options);

    await expect(storing).rejects.toMatchObject({ name: 'ImportError', kind });
    expect(await objects.find(`${folderKey}/media.mp3`)).toBeNull();
  });

  it('takes a recording of exactly the size that is allowed', async () => {
    const { storing } = await store({}, { maxBytes: 59 });

    expect(await storing).toMatchObject({ sizeBytes: 59 });
  });

  it('stores nothing of a download that breaks off, and says why it did', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield recording.subarray(0, 10);
      throw new TypeError('terminated');
    }
    const { objects, storing } = await store({ contentType: 'audio/mpeg', body: broken() });

    await expect(storing).rejects.toThrow();
    expect(await objects.find(`${folderKey}/media.mp3`)).toBeNull();
  });
});
