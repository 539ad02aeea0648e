import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImportError } from '../core/errors.ts';
import { probeMedia } from './media-probe.ts';
import type { MediaBytes } from './media-probe-reader.ts';

const fixtures = join(import.meta.dirname, '../contexts/manual/fixtures');
const fixture = (name: string): Buffer => readFileSync(join(fixtures, name));

function sourceOf(bytes: Uint8Array): MediaBytes {
  return {
    sizeBytes: bytes.length,
    read: async (start, end) => bytes.subarray(start, end),
  };
}

async function refusal(source: MediaBytes, signal?: AbortSignal): Promise<ImportError> {
  const outcome = await probeMedia(source, signal).catch((error: unknown) => error);
  if (outcome instanceof ImportError) return outcome;
  throw new Error(`expected a refusal, got ${JSON.stringify(outcome)}`);
}

describe('probing a recording', () => {
  it.each([
    ['mulaw.wav', 'audio', 'audio/wav', 'wav', 1.5, 1, 8000],
    ['mp3-with-header.mp3', 'audio', 'audio/mpeg', 'mp3', 1.584, 2, 16_000],
    ['mp3-constant.mp3', 'audio', 'audio/mpeg', 'mp3', 1.656, 1, 8000],
    ['mp3-variable.mp3', 'audio', 'audio/mpeg', 'mp3', 1.656, 1, 8000],
    ['mono.flac', 'audio', 'audio/flac', 'flac', 1.5, 1, 8000],
    ['streamed.flac', 'audio', 'audio/flac', 'flac', 1.5, 1, 8000],
    ['vorbis.ogg', 'audio', 'audio/ogg', 'ogg', 1.5, 2, 8000],
    ['opus.ogg', 'audio', 'audio/ogg', 'ogg', 1.5, 1, 48_000],
    ['audio.m4a', 'audio', 'audio/mp4', 'm4a', 1.5, 1, 8000],
    ['video.mp4', 'video', 'video/mp4', 'mp4', 1.6, 1, 8000],
    ['fragmented.mp4', 'video', 'video/mp4', 'mp4', 1.9, 1, 8000],
    ['video.webm', 'video', 'video/webm', 'webm', 1.607, 1, 48_000],
    ['live.webm', 'audio', 'audio/webm', 'webm', 1.521, 1, 48_000],
  ])(
    'reads %s',
    async (name, kind, contentType, extension, durationSeconds, channelCount, sampleRate) => {
      const facts = await probeMedia(sourceOf(fixture(name)));
      expect(facts).toEqual({
        kind,
        contentType,
        extension,
        durationSeconds: expect.closeTo(durationSeconds, 3),
        channelCount,
        sampleRate,
      });
    },
  );

  it('measures what a browser recorded with clusters of unknown size', async () => {
    const bytes = Buffer.from(fixture('live.webm'));
    const cluster = bytes.indexOf(Buffer.from('1f43b675', 'hex'));
    // The fixture's only cluster has a size of two bytes; all ones is "unknown".
    expect(bytes.readUInt16BE(cluster + 4) >>> 14).toBe(1);
    bytes.writeUInt16BE(0x7fff, cluster + 4);
    expect((await probeMedia(sourceOf(bytes))).durationSeconds).toBeCloseTo(1.521, 3);
  });

  it.each([0, 0xffffffff, 0x7ffff000])(
    'measures a WAV that was piped, its size written as %d',
    async (sizeBytes) => {
      const bytes = Buffer.from(fixture('mulaw.wav'));
      bytes.writeUInt32LE(sizeBytes, bytes.indexOf('data') + 4);
      expect((await probeMedia(sourceOf(bytes))).durationSeconds).toBe(1.5);
    },
  );

  it('reads a WAV with sizes of 64 bits', async () => {
    const plain = fixture('mulaw.wav');
    const sizes = Buffer.alloc(36);
    sizes.write('ds64', 'latin1');
    sizes.writeUInt32LE(28, 4);
    sizes.writeBigUInt64LE(BigInt(plain.length + 28), 8);
    sizes.writeBigUInt64LE(12_000n, 16);
    const bytes = Buffer.concat([plain.subarray(0, 12), sizes, plain.subarray(12)]);
    bytes.write('RF64', 'latin1');
    bytes.writeUInt32LE(0xffffffff, bytes.indexOf('data') + 4);
    expect((await probeMedia(sourceOf(bytes))).durationSeconds).toBe(1.5);
  });

  it('reads an MP4 whose sound has a size of 64 bits', async () => {
    const plain = fixture('audio.m4a');
    const sound = plain.indexOf('mdat') - 4;
    const header = Buffer.alloc(16);
    header.writeUInt32BE(1);
    header.write('mdat', 4, 'latin1');
    header.writeBigUInt64BE(BigInt(plain.readUInt32BE(sound) + 8), 8);
    const bytes = Buffer.concat([plain.subarray(0, sound), header, plain.subarray(sound + 8)]);
    expect((await probeMedia(sourceOf(bytes))).durationSeconds).toBe(1.5);
  });

  it('reads a QuickTime file', async () => {
    const bytes = Buffer.from(fixture('video.mp4'));
    bytes.write('qt  ', 8, 'latin1');
    expect(await probeMedia(sourceOf(bytes))).toMatchObject({
      contentType: 'video/quicktime',
      extension: 'mov',
    });
  });

  it('reads a Matroska file', async () => {
    const bytes = Buffer.from(fixture('video.webm').toString('latin1'), 'latin1');
    const docType = bytes.indexOf('webm');
    // Four bytes longer: the header's size and the type's own grow with it.
    const grown = Buffer.concat([
      bytes.subarray(0, docType),
      Buffer.from('matroska'),
      bytes.subarray(docType + 4),
    ]);
    grown.writeUInt8(grown.readUInt8(4) + 4, 4);
    grown.writeUInt8(0x88, docType - 1);
    expect(await probeMedia(sourceOf(grown))).toMatchObject({
      contentType: 'video/x-matroska',
      extension: 'mkv',
    });
  });

  it('skips a cover of megabytes before an MP3 without reading it', async () => {
    const sound = fixture('mp3-with-header.mp3').subarray(45);
    const coverBytes = 200 * 1024 * 1024;
    const tag = Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 0]);
    for (const [index, shift] of [21, 14, 7, 0].entries()) {
      tag[6 + index] = (coverBytes >>> shift) & 127;
    }
    const soundStart = 10 + coverBytes;
    let bytesRead = 0;
    const facts = await probeMedia({
      sizeBytes: soundStart + sound.length,
      read: async (start, end) => {
        bytesRead += end - start;
        const bytes = Buffer.alloc(end - start);
        if (start < 10) tag.copy(bytes, 0, start, Math.min(end, 10));
        if (end > soundStart)
          sound.copy(bytes, Math.max(0, soundStart - start), Math.max(0, start - soundStart));
        return bytes;
      },
    });
    expect(facts).toMatchObject({ extension: 'mp3', durationSeconds: expect.closeTo(1.584, 3) });
    expect(bytesRead).toBeLessThan(1024 * 1024);
  });
});

describe('refusing a file that is no recording', () => {
  it('says that an empty file is empty', async () => {
    expect(await refusal(sourceOf(new Uint8Array(0)))).toMatchObject({
      kind: 'bad_request',
      source: 'media',
      retryable: false,
      publicMessage: 'The file is empty. Upload it again.',
    });
  });

  it.each([
    ['text', Buffer.from('Dear customer, please find attached the recording. '.repeat(200))],
    ['one byte', Buffer.from([0xff])],
    ['a ZIP archive', Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(4096, 7)])],
    ['zeros', Buffer.alloc(100_000)],
    // A linear congruence: random enough, and the same each time.
    [
      'noise',
      Buffer.from(
        Array.from({ length: 50_000 }, (_, index) => ((index * 1103515245 + 12345) >>> 16) & 255),
      ),
    ],
  ])('says that %s is of no supported type', async (_, bytes) => {
    expect(await refusal(sourceOf(bytes))).toMatchObject({
      kind: 'bad_request',
      source: 'media',
      publicMessage:
        'The file is not a recording of a supported type, whatever its name says. Supported are MP3, M4A, WAV, FLAC, OGG, MP4, MOV and WebM.',
    });
  });

  it.each([
    ['mulaw.wav', 'it ends after 5971 of 12000 bytes of sound'],
    ['mp3-with-header.mp3', /^it ends after \d+ of \d+ bytes of sound$/],
    ['mono.flac', 'it ends before the 1.5 seconds that it declares'],
    ['audio.m4a', /it ends after 2368 of \d+ bytes/],
    ['video.mp4', /it ends after 3633 of \d+ bytes/],
    ['fragmented.mp4', 'its last fragment is cut off'],
    ['video.webm', 'it ends after 3172 of 6344 bytes'],
  ])('says that the half of %s is incomplete', async (name, what) => {
    const bytes = fixture(name);
    const error = await refusal(sourceOf(bytes.subarray(0, Math.floor(bytes.length / 2))));
    expect(error).toMatchObject({ kind: 'bad_request', source: 'media' });
    const [, clause] =
      /^The file is damaged or incomplete: (.*)\. Export/.exec(error.publicMessage) ?? [];
    expect(clause).toMatch(what);
  });

  it('says that an MP4 has no table of contents', async () => {
    const bytes = Buffer.from(fixture('audio.m4a'));
    bytes.write('free', bytes.indexOf('moov'), 'latin1');
    expect((await refusal(sourceOf(bytes))).publicMessage).toBe(
      'The file is damaged or incomplete: its table of contents (moov) is missing, as when a recorder was not stopped. Export it again and upload the new copy.',
    );
  });

  it('says that an MP3 which turns into something else is damaged', async () => {
    const bytes = Buffer.concat([fixture('mp3-constant.mp3'), Buffer.alloc(400_000)]);
    expect((await refusal(sourceOf(bytes))).publicMessage).toContain('most of it is not MP3 sound');
  });

  it('says that a WAV without sound is damaged', async () => {
    const bytes = fixture('mulaw.wav');
    const header = bytes.subarray(0, bytes.indexOf('data') + 8);
    expect((await refusal(sourceOf(header))).publicMessage).toContain('it ends after 0 of 12000');
  });

  it('says that a WebM without a cluster is damaged', async () => {
    const bytes = fixture('live.webm');
    const head = bytes.subarray(0, bytes.indexOf(Buffer.from('1f43b675', 'hex')));
    expect((await refusal(sourceOf(head))).publicMessage).toContain(
      'no recording after its header',
    );
  });
});

describe('probing a hostile file', () => {
  const hugeBytes = 6 * 1024 ** 3;

  /** `head`, then zeros up to 6 GiB; counts what is asked for. */
  function hugeSource(head: Uint8Array) {
    const counts = { bytes: 0, reads: 0 };
    const source: MediaBytes = {
      sizeBytes: hugeBytes,
      read: async (start, end) => {
        counts.reads += 1;
        counts.bytes += end - start;
        const bytes = new Uint8Array(end - start);
        if (start < head.length) bytes.set(head.subarray(start, end));
        return bytes;
      },
    };
    return { source, counts };
  }

  function box(type: string, sizeBytes: number, content: Uint8Array = new Uint8Array(0)): Buffer {
    const header = Buffer.alloc(8);
    header.writeUInt32BE(sizeBytes, 0);
    header.write(type, 4, 'latin1');
    return Buffer.concat([header, content]);
  }

  it.each([
    [
      'an MP4 whose movie header is 4 GB',
      Buffer.concat([box('ftyp', 16, Buffer.from('isom\0\0\0\0')), box('moov', 0xfffffff0)]),
    ],
    [
      'an MP4 of countless boxes',
      Buffer.concat([
        box('ftyp', 16, Buffer.from('isom\0\0\0\0')),
        ...Array.from({ length: 5000 }, () => box('free', 8)),
      ]),
    ],
    ['a WebM whose header is 4 GB', Buffer.from('1a45dfa301000000f0000000', 'hex')],
    [
      'a WAV of countless empty parts',
      Buffer.concat([Buffer.from('RIFF\xf0\xff\xff\xffWAVE', 'latin1'), Buffer.alloc(1_000_000)]),
    ],
    ['an MP3 of countless tags', Buffer.from('ID3\u0004\0\0\0\0\0\0'.repeat(20_000), 'latin1')],
    [
      'an Ogg of countless streams',
      Buffer.concat(
        Array.from({ length: 20_000 }, () =>
          Buffer.from('4f67675300020000000000000000010000000000000000000000' + '00', 'hex'),
        ),
      ),
    ],
  ])('refuses %s within bounds', async (_, head) => {
    const { source, counts } = hugeSource(head);
    expect(await refusal(source)).toMatchObject({ kind: 'bad_request', source: 'media' });
    expect(counts.bytes).toBeLessThanOrEqual(64 * 1024 * 1024);
    expect(counts.reads).toBeLessThanOrEqual(2000);
  });

  it('is not held by a sample table of four thousand million entries', async () => {
    const bytes = Buffer.from(fixture('video.mp4'));
    for (let at = bytes.indexOf('stts'); at !== -1; at = bytes.indexOf('stts', at + 4)) {
      bytes.writeUInt32BE(0xffffffff, at + 12);
    }
    expect(await probeMedia(sourceOf(bytes))).toMatchObject({ durationSeconds: 1.6 });
  });

  it('ends whichever bytes of a file are changed', async () => {
    const names = [
      'mulaw.wav',
      'mp3-variable.mp3',
      'mono.flac',
      'vorbis.ogg',
      'opus.ogg',
      'fragmented.mp4',
      'video.webm',
      'live.webm',
    ];
    let state = 1;
    const next = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (const name of names) {
      for (let round = 0; round < 30; round += 1) {
        const bytes = Buffer.from(fixture(name));
        for (let change = 0; change < 4; change += 1) bytes[next(600)] = next(256);
        const outcome = await probeMedia(sourceOf(bytes)).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toMatchObject({ kind: 'bad_request' });
        else expect(outcome).toHaveProperty('durationSeconds');
      }
    }
  });
});

describe('reading for the probe', () => {
  it('passes on the failure of the store as it is', async () => {
    const failure = new ImportError({
      kind: 'unavailable',
      source: 'storage',
      publicMessage: 'The bucket does not answer.',
    });
    const error = await refusal({ sizeBytes: 5000, read: () => Promise.reject(failure) });
    expect(error).toBe(failure);
  });

  it('says that a source which gives too few bytes is unavailable', async () => {
    const error = await refusal({ sizeBytes: 5000, read: async () => new Uint8Array(10) });
    expect(error).toMatchObject({ kind: 'unavailable', source: 'media', retryable: true });
  });

  it('ends with timeout when its signal aborts, though the source never answers', async () => {
    const controller = new AbortController();
    const outcome = refusal(
      { sizeBytes: 5000, read: () => new Promise(() => controller.abort()) },
      controller.signal,
    );
    expect(await outcome).toMatchObject({ kind: 'timeout', source: 'media' });
  });

  it('asks for nothing once its signal has aborted', async () => {
    const error = await refusal(sourceOf(fixture('mono.flac')), AbortSignal.abort());
    expect(error).toMatchObject({ kind: 'timeout' });
  });
});
