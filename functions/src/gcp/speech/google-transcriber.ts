import type { protos as SpeechTypes } from '@google-cloud/speech';
import { ImportError } from '../../core/errors.ts';
import type { Clock, Transcriber, TranscriptionCheck } from '../../core/ports.ts';
import { toNextCheckMs } from './next-check.ts';
import {
  connectSpeech,
  type SpeechConnection,
  type SpeechEndpoint,
  type SpeechProtos,
} from './speech-client.ts';
import { toOutcomeError, toSpeechError, toStatusCode } from './speech-errors.ts';
import {
  SpeechResults,
  toLanguage,
  toMilliseconds,
  toSegments,
  type SpeechDuration,
} from './speech-segments.ts';

type BatchRecognizeRequest = SpeechTypes.google.cloud.speech.v2.IBatchRecognizeRequest;
type BatchRecognizeResponse = SpeechTypes.google.cloud.speech.v2.BatchRecognizeResponse;
type FileResult = SpeechTypes.google.cloud.speech.v2.IBatchRecognizeFileResult;
type Operation = SpeechTypes.google.longrunning.IOperation;

const deadlineExceeded = 4;

/** Where results go: into the operation, or into a bucket, where they stay. */
export type SpeechOutput =
  | { readonly outputBucketPrefix: null }
  | {
      /** `gs://bucket/prefix/`. */
      readonly outputBucketPrefix: string;
      /** Reads the JSON that the service wrote under the prefix. */
      readonly readOutput: (uri: string) => Promise<unknown>;
    };

export type GoogleTranscriberOptions = SpeechOutput & {
  readonly projectId: string;
  /** `global` or a region; models differ between them. */
  readonly location: string;
  /** Retired over time and different per location, hence a setting: `long`, `telephony`, `chirp_2`. */
  readonly model: string;
  readonly clock: Clock;
  /** By default 15,000 and growing; the sandbox is done sooner. */
  readonly firstCheckMs?: number;
  /** By default 300,000. */
  readonly maxCheckMs?: number;
  /** Of one request, not of a transcription; by default 30,000. */
  readonly timeoutMs?: number;
  /** Null: Google's own address for the location. */
  readonly apiEndpoint?: SpeechEndpoint | null;
};

/**
 * Speech-to-Text v2 `batchRecognize`, one file per operation, so that failures are per call.
 * @see https://cloud.google.com/speech-to-text/v2/docs/batch-recognize
 */
export function createGoogleTranscriber(options: GoogleTranscriberOptions): Transcriber {
  const { clock, firstCheckMs = 15_000, maxCheckMs = 300_000, timeoutMs = 30_000 } = options;
  // Google's defaults would submit again after a timeout, and a submission is paid for.
  const callOptions = { timeout: timeoutMs, retry: null };
  let connection: Promise<SpeechConnection> | null = null;

  function connected(): Promise<SpeechConnection> {
    connection ??= connectSpeech({ ...options, apiEndpoint: options.apiEndpoint ?? null }).catch(
      (error: unknown) => {
        connection = null;
        throw error;
      },
    );
    return connection;
  }

  return {
    async start(request) {
      try {
        const { client } = await connected();
        const [started] = await client.batchRecognize(toRequest(options, request), callOptions);
        if (!started.name) throw brokenContract('Speech-to-Text named no operation.');
        return { operation: started.name, checkAgainInMs: firstCheckMs };
      } catch (error) {
        throw toSpeechError(error, 'start');
      }
    },

    async check(operation, uri) {
      const found = await findOperation(connected, operation, callOptions);
      if (found === 'unheard') return { status: 'running', checkAgainInMs: firstCheckMs };
      if (found.operation.error) throw toOutcomeError(found.operation.error);
      if (found.operation.done) return toDone(options, { ...found, uri });
      const progress = toProgress(found, clock.now());
      const checkAgainInMs = toNextCheckMs({ ...progress, firstCheckMs, maxCheckMs });
      return { status: 'running', checkAgainInMs };
    },
  };
}

interface FoundOperation {
  readonly operation: Operation;
  readonly protos: SpeechProtos;
}

/** `unheard`: no answer came in time, while the operation goes on. */
async function findOperation(
  connected: () => Promise<SpeechConnection>,
  name: string,
  callOptions: { timeout: number; retry: null },
): Promise<FoundOperation | 'unheard'> {
  try {
    const { client, protos } = await connected();
    const request = new protos.google.longrunning.GetOperationRequest({ name });
    const [operation] = await client.operationsClient.getOperation(request, callOptions);
    return { operation, protos };
  } catch (error) {
    if (toStatusCode(error) === deadlineExceeded) return 'unheard';
    throw toSpeechError(error, 'check');
  }
}

function toRequest(
  options: GoogleTranscriberOptions,
  request: Parameters<Transcriber['start']>[0],
): BatchRecognizeRequest {
  // On its own channel each side of a phone call is a speaker, exactly; mixed voices are told
  // apart by diarisation. Both together depend on the model.
  const isSplit = request.channelCount !== null && request.channelCount >= 2;
  return {
    recognizer: `projects/${options.projectId}/locations/${options.location}/recognizers/_`,
    config: {
      autoDecodingConfig: {},
      languageCodes: [...request.languageCodes],
      model: options.model,
      features: {
        enableWordTimeOffsets: true,
        enableAutomaticPunctuation: true,
        ...(isSplit
          ? { multiChannelMode: 'SEPARATE_RECOGNITION_PER_CHANNEL' }
          : { diarizationConfig: {} }),
      },
    },
    files: [{ uri: request.uri }],
    recognitionOutputConfig:
      options.outputBucketPrefix === null
        ? { inlineResponseConfig: {} }
        : { gcsOutputConfig: { uri: options.outputBucketPrefix } },
  };
}

async function toDone(
  output: SpeechOutput,
  { operation, protos, uri }: FoundOperation & { uri: string },
): Promise<TranscriptionCheck> {
  const response = protos.google.cloud.speech.v2.BatchRecognizeResponse.decode(
    toBytes(operation.response?.value),
  );
  const file = findFileResult(response, uri);
  if (file.error) throw toOutcomeError(file.error);
  const original = await readOriginal(output, file, protos);
  const parsed = SpeechResults.safeParse(original ?? {});
  if (!parsed.success) {
    throw brokenContract('Speech-to-Text answered in a form that we do not know.', parsed.error);
  }
  const billed = file.metadata?.totalBilledDuration ?? response.totalBilledDuration;
  return {
    status: 'done',
    language: toLanguage(parsed.data),
    segments: toSegments(parsed.data),
    original,
    billedSeconds: billed ? toMilliseconds(toPlainDuration(billed)) / 1000 : null,
  };
}

/** The API may leave everything out of the answer about a silent file. */
function findFileResult(response: BatchRecognizeResponse, uri: string): FileResult {
  const results = Object.entries(response.results);
  // One file was sent: should the service spell its name differently, it is still the one.
  const file = response.results[uri] ?? (results.length === 1 ? results[0]?.[1] : undefined);
  if (file !== undefined) return file;
  if (results.length === 0) return {};
  throw brokenContract('Speech-to-Text answered about files that were not asked for.');
}

async function readOriginal(
  output: SpeechOutput,
  file: FileResult,
  protos: SpeechProtos,
): Promise<unknown> {
  const outputUri = file.cloudStorageResult?.uri || file.uri;
  if (output.outputBucketPrefix !== null && outputUri) return output.readOutput(outputUri);
  const transcript = file.inlineResult?.transcript ?? file.transcript;
  if (!transcript) return null;
  return protos.google.cloud.speech.v2.BatchRecognizeResults.fromObject(transcript).toJSON();
}

function toProgress(
  { operation, protos }: FoundOperation,
  now: Date,
): { elapsedMs: number | null; progressPercent: number } {
  const bytes = toBytes(operation.metadata?.value);
  const metadata = protos.google.cloud.speech.v2.OperationMetadata.decode(bytes);
  const { createTime, progressPercent } = metadata;
  if (!createTime) return { elapsedMs: null, progressPercent };
  const createdMs = toMilliseconds(toPlainDuration(createTime));
  return { elapsedMs: now.getTime() - createdMs, progressPercent };
}

/** Timestamps and durations are the same two numbers on the wire. */
function toPlainDuration(value: SpeechTypes.google.protobuf.IDuration): SpeechDuration {
  return { seconds: String(value.seconds ?? 0), nanos: value.nanos ?? 0 };
}

/** The client hands bytes on as they came, or as Base64 text. */
function toBytes(value: Uint8Array | string | null | undefined): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value, 'base64') : (value ?? new Uint8Array());
}

function brokenContract(publicMessage: string, cause?: unknown): ImportError {
  return new ImportError({ kind: 'contract', source: 'speech', publicMessage, cause });
}
