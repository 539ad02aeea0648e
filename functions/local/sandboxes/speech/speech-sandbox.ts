import { z } from 'zod';
import { toFileResult, type BatchRequest, type Recognition } from './speech-answers.ts';

export type { Recognition } from './speech-answers.ts';

/** What goes wrong with a recording, on purpose. Codes are gRPC statuses. */
export type SpeechFault =
  /** The start is refused with this HTTP status; nothing runs. */
  | { readonly kind: 'refused'; readonly httpStatus: number }
  /** Every look at the operation is refused; it runs on. */
  | { readonly kind: 'check_refused'; readonly httpStatus: number }
  /** A look at the operation is never answered. */
  | { readonly kind: 'check_hangs' }
  /** The file fails inside an operation that succeeds. */
  | { readonly kind: 'file_error'; readonly code: number; readonly message: string }
  | { readonly kind: 'operation_error'; readonly code: number; readonly message: string }
  | { readonly kind: 'never_finishes' }
  /** The operation is forgotten as soon as it was started. */
  | { readonly kind: 'gone' };

export interface SpeechSandboxOptions {
  /** What is to be heard in a recording; null utterances: nobody knows. */
  readonly recognise: (uri: string) => Promise<Recognition>;
  readonly now: () => Date;
  readonly createId: () => string;
  /** How long an operation runs. */
  readonly pendingMs: number;
  readonly faultFor?: (uri: string) => SpeechFault | null;
  /** Stores what a request wants in a bucket; without it such requests are refused. */
  readonly writeOutput?: (uri: string, value: unknown) => Promise<void>;
}

export interface SpeechSandbox {
  readonly fetch: (request: Request) => Promise<Response>;
  /** How many transcriptions were started, each of which would be paid for. */
  startedCount(): number;
  /** The last request to start, as it came. */
  lastRequest(): unknown;
}

interface RunningOperation {
  readonly name: string;
  readonly uri: string;
  readonly createdAt: Date;
  readonly request: BatchRequest;
  answer: Promise<Readonly<Record<string, unknown>>> | null;
}

const startPath = /^\/v2\/(projects\/[^/]+\/locations\/[^/]+)\/recognizers\/_:batchRecognize$/;
const operationPath = /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/operations\/[^/]+)$/;
/** An old operation is forgotten, as Google forgets them some day. */
const maxOperations = 10_000;

/**
 * Speech-to-Text v2 as far as batches go, over its REST protocol. It knows no speech: it says what
 * `recognise` tells it, in the service's own shapes and with its quirks.
 * @see https://cloud.google.com/speech-to-text/v2/docs/reference/rest
 */
export function createSpeechSandbox(options: SpeechSandboxOptions): SpeechSandbox {
  const operations = new Map<string, RunningOperation>();
  let startedCount = 0;
  let lastRequest: unknown = null;

  async function start(parent: string, request: Request): Promise<Response> {
    lastRequest = await request.json();
    const parsed = StartRequest.safeParse(lastRequest);
    if (!parsed.success) return toErrorResponse(400, z.prettifyError(parsed.error));
    const [file] = parsed.data.files;
    const uri = file?.uri ?? '';
    const fault = options.faultFor?.(uri) ?? null;
    if (fault?.kind === 'refused') return toErrorResponse(fault.httpStatus, 'Refused on purpose.');
    startedCount += 1;
    const name = `${parent}/operations/${options.createId()}`;
    const createdAt = options.now();
    if (fault?.kind !== 'gone') {
      operations.set(name, { name, uri, createdAt, request: parsed.data, answer: null });
      const [oldest] = operations.keys();
      if (operations.size > maxOperations && oldest !== undefined) operations.delete(oldest);
    }
    return Response.json({ name, metadata: toMetadata({ createdAt, updatedAt: createdAt }) });
  }

  async function look(name: string, request: Request): Promise<Response> {
    const operation = operations.get(name);
    if (operation === undefined) return toErrorResponse(404, 'Operation not found.');
    const fault = options.faultFor?.(operation.uri) ?? null;
    if (fault?.kind === 'check_hangs') return hang(request.signal);
    if (fault?.kind === 'check_refused') {
      return toErrorResponse(fault.httpStatus, 'Refused on purpose.');
    }
    const now = options.now();
    const elapsedMs = now.getTime() - operation.createdAt.getTime();
    if (fault?.kind === 'never_finishes' || elapsedMs < options.pendingMs) {
      const progressPercent = Math.min(99, Math.floor((elapsedMs / options.pendingMs) * 100));
      const times = { createdAt: operation.createdAt, updatedAt: now };
      return Response.json({ name, metadata: toMetadata(times, progressPercent) });
    }
    operation.answer ??= finish(operation, fault, options);
    const times = { createdAt: operation.createdAt, updatedAt: now };
    const answer = await operation.answer;
    return Response.json({ name, metadata: toMetadata(times, 100), done: true, ...answer });
  }

  return {
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const [, parent] = startPath.exec(pathname) ?? [];
      if (parent !== undefined && request.method === 'POST') return start(parent, request);
      const [, name] = operationPath.exec(pathname) ?? [];
      if (name !== undefined && request.method === 'GET') return look(name, request);
      return toErrorResponse(404, 'The sandbox only starts batches and looks at operations.');
    },
    startedCount: () => startedCount,
    lastRequest: () => lastRequest,
  };
}

const StartRequest = z
  .object({
    config: z.object({
      autoDecodingConfig: z.object({}),
      languageCodes: z.array(z.string().min(2)).min(1),
      model: z.string().min(1),
      features: z
        .object({
          diarizationConfig: z.object({}).nullish(),
          /** The client writes enums as numbers: 1 is SEPARATE_RECOGNITION_PER_CHANNEL. */
          multiChannelMode: z.union([z.int(), z.string()]).nullish(),
        })
        .nullish(),
    }),
    files: z.array(z.object({ uri: z.string().regex(/^gs:\/\/[^/]+\/.+/) })).min(1),
    recognitionOutputConfig: z.object({
      inlineResponseConfig: z.object({}).nullish(),
      gcsOutputConfig: z.object({ uri: z.string().startsWith('gs://') }).nullish(),
    }),
  })
  .refine(({ files }) => files.length === 1, 'The sandbox takes one file in a request.');

async function finish(
  operation: RunningOperation,
  fault: SpeechFault | null,
  options: SpeechSandboxOptions,
): Promise<Readonly<Record<string, unknown>>> {
  if (fault?.kind === 'operation_error') {
    return { error: { code: fault.code, message: fault.message } };
  }
  if (fault?.kind === 'file_error') {
    const error = { code: fault.code, message: fault.message };
    return toResponse({ [operation.uri]: { error } });
  }
  const recognition = await options.recognise(operation.uri);
  const { transcript, billedDuration } = toFileResult(operation.request, recognition);
  const metadata = { totalBilledDuration: billedDuration };
  const prefix = operation.request.recognitionOutputConfig.gcsOutputConfig?.uri;
  if (prefix == null) {
    const file = { inlineResult: { transcript }, metadata };
    return { ...toResponse({ [operation.uri]: file }, billedDuration) };
  }
  if (options.writeOutput === undefined) {
    return { error: { code: 7, message: 'The sandbox may not write to this bucket.' } };
  }
  const uri = `${prefix}${operation.name.split('/').at(-1)}_transcript.json`;
  await options.writeOutput(uri, transcript);
  const file = { cloudStorageResult: { uri }, metadata };
  return { ...toResponse({ [operation.uri]: file }, billedDuration) };
}

const types = 'type.googleapis.com/google.cloud.speech.v2';

function toResponse(
  results: Readonly<Record<string, unknown>>,
  totalBilledDuration = '0s',
): Readonly<Record<string, unknown>> {
  return { response: { '@type': `${types}.BatchRecognizeResponse`, results, totalBilledDuration } };
}

function toMetadata(
  { createdAt, updatedAt }: { createdAt: Date; updatedAt: Date },
  progressPercent = 0,
): Readonly<Record<string, unknown>> {
  return {
    '@type': `${types}.OperationMetadata`,
    createTime: createdAt.toISOString(),
    updateTime: updatedAt.toISOString(),
    progressPercent,
  };
}

const statusNames: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

function toErrorResponse(code: number, message: string): Response {
  const status = statusNames[code] ?? 'UNKNOWN';
  return Response.json({ error: { code, message, status } }, { status: code });
}

function hang(signal: AbortSignal): Promise<Response> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(new Response(null, { status: 499 })));
  });
}
