import type { AddressInfo } from 'node:net';
import { serve, type ServerType } from '@hono/node-server';
import {
  createSpeechSandbox,
  type Recognition,
  type SpeechFault,
  type SpeechSandbox,
} from '../../../local/sandboxes/speech/speech-sandbox.ts';
import type { ErrorKind } from '../../core/errors.ts';
import type { Transcriber } from '../../core/ports.ts';
import { createGoogleTranscriber, type SpeechOutput } from './google-transcriber.ts';

const recording = 'gs://calls/customers/c1/calls/k1/media.mp3';
const talk: Recognition = {
  durationSeconds: 3.2,
  utterances: [
    { speaker: 'Ann', startMs: 0, endMs: 1000, text: 'Hello Bob' },
    { speaker: 'Bob', startMs: 1200, endMs: 3000, text: 'Good morning Ann' },
  ],
};

let now: Date;
let heard: Recognition;
let fault: SpeechFault | null;
let sandbox: SpeechSandbox;
let server: ServerType;
const bucket = new Map<string, unknown>();

function createSandbox(): SpeechSandbox {
  let operations = 0;
  return createSpeechSandbox({
    recognise: async () => heard,
    now: () => now,
    createId: () => `operation-${++operations}`,
    pendingMs: 60_000,
    faultFor: () => fault,
    writeOutput: async (uri, value) => void bucket.set(uri, value),
  });
}

function connect(
  overrides: { timeoutMs?: number; url?: string; fetch?: typeof globalThis.fetch } = {},
  output: SpeechOutput = { outputBucketPrefix: null },
): Transcriber {
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  return createGoogleTranscriber({
    projectId: 'demo',
    location: 'europe-west1',
    model: 'long',
    clock: { now: () => now },
    timeoutMs: overrides.timeoutMs ?? 5000,
    apiEndpoint: {
      url: overrides.url ?? `http://127.0.0.1:${port}`,
      ...(overrides.fetch === undefined ? {} : { fetch: overrides.fetch }),
    },
    ...output,
  });
}

async function transcribe(transcriber: Transcriber, channelCount: number | null = null) {
  const { operation } = await transcriber.start({
    uri: recording,
    languageCodes: ['en-US'],
    channelCount,
  });
  now = new Date(now.getTime() + 60_000);
  return transcriber.check(operation, recording);
}

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server = serve({ fetch: (request) => sandbox.fetch(request), port: 0 }, () => resolve());
  });
});

afterAll(async () => {
  await new Promise((resolve) => {
    server.close(resolve);
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
});

beforeEach(() => {
  now = new Date('2026-01-05T20:00:00Z');
  heard = talk;
  fault = null;
  sandbox = createSandbox();
  bucket.clear();
});

describe('start', () => {
  it('asks for one file, word times, punctuation and speakers, with the answer inline', async () => {
    const started = await connect().start({
      uri: recording,
      languageCodes: ['en-US', 'de-DE'],
      channelCount: null,
    });

    expect(started).toEqual({
      operation: 'projects/demo/locations/europe-west1/operations/operation-1',
      checkAgainInMs: 15_000,
    });
    expect(sandbox.lastRequest()).toEqual({
      config: {
        autoDecodingConfig: {},
        languageCodes: ['en-US', 'de-DE'],
        model: 'long',
        features: {
          enableWordTimeOffsets: true,
          enableAutomaticPunctuation: true,
          diarizationConfig: {},
        },
      },
      files: [{ uri: recording }],
      recognitionOutputConfig: { inlineResponseConfig: {} },
    });
  });

  it('asks for each channel on its own, and no diarisation, when a phone call has two', async () => {
    await connect().start({ uri: recording, languageCodes: ['en-US'], channelCount: 2 });

    expect(sandbox.lastRequest()).toMatchObject({
      config: {
        features: {
          enableWordTimeOffsets: true,
          enableAutomaticPunctuation: true,
          multiChannelMode: 1,
        },
      },
    });
    expect(sandbox.lastRequest()).not.toHaveProperty('config.features.diarizationConfig');
  });

  it('tells the voices of a single channel apart', async () => {
    await connect().start({ uri: recording, languageCodes: ['en-US'], channelCount: 1 });
    expect(sandbox.lastRequest()).toHaveProperty('config.features.diarizationConfig');
  });

  const refusals: readonly (readonly [number, ErrorKind, boolean])[] = [
    [400, 'internal', false],
    [401, 'permission_denied', false],
    [403, 'permission_denied', false],
    [404, 'internal', false],
    [429, 'rate_limited', true],
    [500, 'unavailable', true],
    [503, 'unavailable', true],
  ];

  it.each(refusals)(
    'calls an answer of %i %s, after one request',
    async (httpStatus, kind, retryable) => {
      fault = { kind: 'refused', httpStatus };
      let requestCount = 0;
      const counted: typeof fetch = (input, init) => {
        requestCount += 1;
        return fetch(input, init);
      };
      const started = connect({ fetch: counted }).start({
        uri: recording,
        languageCodes: ['en-US'],
        channelCount: null,
      });

      await expect(started).rejects.toMatchObject({ source: 'speech', kind, retryable });
      expect(requestCount).toBe(1);
    },
  );

  it('is never sent twice when no answer comes, for it may have been paid for', async () => {
    let requestCount = 0;
    const silent: typeof fetch = (_input, init) => {
      requestCount += 1;
      return new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
      });
    };
    const started = connect({ timeoutMs: 30, fetch: silent }).start({
      uri: recording,
      languageCodes: ['en-US'],
      channelCount: null,
    });

    await expect(started).rejects.toMatchObject({ kind: 'timeout', retryable: true });
    expect(requestCount).toBe(1);
  });

  it('names the roles that are missing', async () => {
    fault = { kind: 'refused', httpStatus: 403 };
    await expect(
      connect().start({ uri: recording, languageCodes: ['en-US'], channelCount: null }),
    ).rejects.toThrow('roles/speech.client');
  });

  it('is unavailable when nobody listens', async () => {
    await expect(
      connect({ url: 'http://127.0.0.1:9' }).start({
        uri: recording,
        languageCodes: ['en-US'],
        channelCount: null,
      }),
    ).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('check, while the operation runs', () => {
  it('hints at when it should be done, by its progress, and at 15 s at least', async () => {
    const transcriber = connect();
    const { operation } = await transcriber.start({
      uri: recording,
      languageCodes: ['en-US'],
      channelCount: null,
    });

    now = new Date('2026-01-05T20:00:15Z');
    await expect(transcriber.check(operation, recording)).resolves.toEqual({
      status: 'running',
      checkAgainInMs: 45_000,
    });
    now = new Date('2026-01-05T20:00:54Z');
    await expect(transcriber.check(operation, recording)).resolves.toEqual({
      status: 'running',
      checkAgainInMs: 15_000,
    });
  });

  it('waits longer and longer for one that never ends, up to five minutes', async () => {
    fault = { kind: 'never_finishes' };
    const transcriber = connect();
    const { operation } = await transcriber.start({
      uri: recording,
      languageCodes: ['en-US'],
      channelCount: null,
    });
    const hints: number[] = [];
    for (let minute = 0; minute < 4; minute += 1) {
      const checked = await transcriber.check(operation, recording);
      if (checked.status === 'running') hints.push(checked.checkAgainInMs);
      now = new Date(now.getTime() + 12 * 3_600_000);
    }
    expect(hints).toEqual([15_000, 300_000, 300_000, 300_000]);
  });

  it('goes on when a look takes too long', async () => {
    fault = { kind: 'check_hangs' };
    await expect(transcribe(connect({ timeoutMs: 50 }))).resolves.toEqual({
      status: 'running',
      checkAgainInMs: 15_000,
    });
    expect(sandbox.startedCount()).toBe(1);
  });

  const refusals: readonly (readonly [number, ErrorKind])[] = [
    [403, 'permission_denied'],
    [429, 'rate_limited'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ];

  it.each(refusals)('calls an answer of %i %s', async (httpStatus, kind) => {
    fault = { kind: 'check_refused', httpStatus };
    await expect(transcribe(connect())).rejects.toMatchObject({ source: 'speech', kind });
  });
});

describe('check, when the operation is done', () => {
  it('gives the speakers of mixed voices, each word once', async () => {
    await expect(transcribe(connect())).resolves.toMatchObject({
      status: 'done',
      language: 'en-US',
      billedSeconds: 4,
      segments: [
        { speakerId: 'Speaker 1', startMs: 0, endMs: 1000, text: 'Hello Bob' },
        { speakerId: 'Speaker 2', startMs: 1200, endMs: 3000, text: 'Good morning Ann' },
      ],
    });
  });

  it('gives each channel of a phone call as a speaker', async () => {
    await expect(transcribe(connect(), 2)).resolves.toMatchObject({
      billedSeconds: 8,
      segments: [
        { speakerId: 'Speaker 1', startMs: 0, endMs: 1000, text: 'Hello Bob' },
        { speakerId: 'Speaker 2', startMs: 1200, endMs: 3000, text: 'Good morning Ann' },
      ],
    });
  });

  it("keeps the service's own answer as plain JSON", async () => {
    heard = { durationSeconds: 1, utterances: talk.utterances?.slice(0, 1) ?? null };
    const checked = await transcribe(connect(), 2);

    expect(checked).toHaveProperty('original', {
      results: [
        {
          alternatives: [
            {
              transcript: 'Hello Bob',
              confidence: expect.closeTo(0.9, 5),
              words: [
                { endOffset: { nanos: 500_000_000 }, word: 'Hello' },
                {
                  startOffset: { nanos: 500_000_000 },
                  endOffset: { seconds: '1' },
                  word: 'Bob',
                },
              ],
            },
          ],
          channelTag: 1,
          resultEndOffset: { seconds: '1' },
          languageCode: 'en-us',
        },
      ],
    });
    expect(JSON.parse(JSON.stringify(checked))).toEqual(checked);
  });

  it('gives no segments for silence', async () => {
    heard = { durationSeconds: 5, utterances: [] };
    await expect(transcribe(connect())).resolves.toMatchObject({
      status: 'done',
      language: null,
      segments: [],
      billedSeconds: 5,
    });
  });

  it('says so when the sandbox does not know the recording', async () => {
    heard = { durationSeconds: 2, utterances: null };
    await expect(transcribe(connect())).resolves.toMatchObject({
      segments: [
        {
          speakerId: 'Speaker 1',
          startMs: 0,
          endMs: 2000,
          text: '[sandbox] speech was not recognised: the sandbox only knows its own recordings',
        },
      ],
    });
  });

  it('reads the answer from the bucket when results go there', async () => {
    const checked = await transcribe(
      connect(
        {},
        {
          outputBucketPrefix: 'gs://calls/stt/',
          readOutput: async (uri) => bucket.get(uri),
        },
      ),
    );

    expect([...bucket.keys()]).toEqual(['gs://calls/stt/operation-1_transcript.json']);
    expect(checked).toMatchObject({
      original: bucket.get('gs://calls/stt/operation-1_transcript.json'),
      segments: [
        { speakerId: 'Speaker 1', startMs: 0, endMs: 1000, text: 'Hello Bob' },
        { speakerId: 'Speaker 2', startMs: 1200, endMs: 3000, text: 'Good morning Ann' },
      ],
    });
  });

  it('does not accept a form that it does not know', async () => {
    const output = { outputBucketPrefix: 'gs://calls/stt/', readOutput: async () => 'nonsense' };
    await expect(transcribe(connect({}, output))).rejects.toMatchObject({
      kind: 'contract',
      retryable: false,
    });
  });

  it('says the same when it is asked again', async () => {
    const transcriber = connect();
    const first = await transcribe(transcriber);
    const operation = 'projects/demo/locations/europe-west1/operations/operation-1';
    await expect(transcriber.check(operation, recording)).resolves.toEqual(first);
    expect(sandbox.startedCount()).toBe(1);
  });

  const failures: readonly (readonly [number, ErrorKind, boolean])[] = [
    [3, 'bad_request', false],
    [4, 'not_found', true],
    [5, 'bad_request', false],
    [7, 'permission_denied', false],
    [8, 'not_found', true],
    [13, 'not_found', true],
    [14, 'not_found', true],
  ];

  it.each(failures)('calls a file that failed with %i %s', async (code, kind, retryable) => {
    fault = { kind: 'file_error', code, message: 'no' };
    await expect(transcribe(connect())).rejects.toMatchObject({ kind, retryable });
  });

  it.each(failures)('calls an operation that failed with %i %s', async (code, kind, retryable) => {
    fault = { kind: 'operation_error', code, message: 'no' };
    await expect(transcribe(connect())).rejects.toMatchObject({ kind, retryable });
  });

  it('tells why a file failed, without saying where it lies', async () => {
    const message = `${recording}: audio data is empty`;
    fault = { kind: 'file_error', code: 3, message };
    await expect(transcribe(connect())).rejects.toMatchObject({
      publicMessage: "This recording can't be transcribed: the recording audio data is empty",
    });
  });

  it('is not_found when the operation is gone, and may be started again', async () => {
    fault = { kind: 'gone' };
    await expect(transcribe(connect())).rejects.toMatchObject({
      kind: 'not_found',
      retryable: true,
    });
  });
});

describe('an answer out of the ordinary', () => {
  const types = 'type.googleapis.com/google.cloud.speech.v2';
  const check = (answer: unknown) =>
    connect({ url: 'http://speech.sandbox', fetch: async () => Response.json(answer) }).check(
      'projects/demo/locations/europe-west1/operations/1',
      recording,
    );
  const done = (results: Readonly<Record<string, unknown>>) => ({
    name: 'projects/demo/locations/europe-west1/operations/1',
    done: true,
    response: { '@type': `${types}.BatchRecognizeResponse`, results },
  });
  const transcript = {
    results: [{ alternatives: [{ transcript: 'Hello' }], resultEndOffset: '1.500s' }],
  };
  const hello = [{ speakerId: 'Speaker 1', startMs: 0, endMs: 1500, text: 'Hello' }];

  it('is silence when an operation is done without a result', async () => {
    await expect(check({ done: true })).resolves.toEqual({
      status: 'done',
      language: null,
      segments: [],
      original: null,
      billedSeconds: null,
    });
  });

  it('is read although the file is spelled differently', async () => {
    const file = { inlineResult: { transcript }, metadata: { totalBilledDuration: '1.500s' } };
    await expect(check(done({ 'gs://calls/other%20name': file }))).resolves.toMatchObject({
      segments: hello,
      billedSeconds: 1.5,
    });
  });

  it('is read from the field that came before inline results', async () => {
    await expect(check(done({ [recording]: { transcript } }))).resolves.toMatchObject({
      segments: hello,
    });
  });

  it('is refused when it is about other files', async () => {
    await expect(check(done({ 'gs://a/1': {}, 'gs://a/2': {} }))).rejects.toMatchObject({
      kind: 'contract',
    });
  });

  it('is looked at again soon when it does not say since when it runs', async () => {
    await expect(check({ name: 'projects/demo' })).resolves.toEqual({
      status: 'running',
      checkAgainInMs: 15_000,
    });
  });

  it('is refused when a start names no operation', async () => {
    const nameless = connect({
      url: 'http://speech.sandbox',
      fetch: async () => Response.json({}),
    });
    await expect(
      nameless.start({ uri: recording, languageCodes: ['en-US'], channelCount: null }),
    ).rejects.toMatchObject({ kind: 'contract' });
  });
});

it('needs no socket: the sandbox may answer in process', async () => {
  const inProcess: typeof fetch = (input, init) => sandbox.fetch(new Request(input, init));
  const transcriber = connect({ url: 'http://speech.sandbox', fetch: inProcess });
  await expect(transcribe(transcriber)).resolves.toMatchObject({
    status: 'done',
    billedSeconds: 4,
  });
});

it('cannot be opened without credentials, and says so without ending the process', async () => {
  const earlier = { ...process.env };
  Object.assign(process.env, {
    GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/credentials.json',
    METADATA_SERVER_DETECTION: 'none',
  });
  try {
    const transcriber = createGoogleTranscriber({
      projectId: 'demo',
      location: 'europe-west1',
      model: 'long',
      clock: { now: () => now },
      outputBucketPrefix: null,
    });
    await expect(transcriber.check('operation', recording)).rejects.toMatchObject({
      kind: 'unavailable',
    });
  } finally {
    for (const name of ['GOOGLE_APPLICATION_CREDENTIALS', 'METADATA_SERVER_DETECTION']) {
      delete process.env[name];
    }
    Object.assign(process.env, earlier);
  }
});
