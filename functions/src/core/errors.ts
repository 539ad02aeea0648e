/**
 * What can go wrong, in the engine's own words. `kind` is the discriminant that decides what happens
 * next; a platform's own codes stay in its folder. `docs/errors.md` has a line for each kind.
 */
export const errorKinds = [
  'bad_request',
  'auth_invalid',
  'permission_denied',
  'payment_required',
  'not_found',
  'not_ready',
  'rate_limited',
  'timeout',
  'unavailable',
  'contract',
  'conflict',
  'internal',
] as const;

export type ErrorKind = (typeof errorKinds)[number];

/** What a task function does with an error of a kind. */
export type TaskReaction = 'fail_call' | 'stop_job' | 'skip_call' | 'reschedule' | 'throw';

interface ErrorRule {
  readonly retryable: boolean;
  readonly inTask: TaskReaction;
  /** The HTTP status that the admin API answers with. */
  readonly httpStatus: number;
}

export const errorRules = {
  bad_request: { retryable: false, inTask: 'fail_call', httpStatus: 400 },
  auth_invalid: { retryable: false, inTask: 'stop_job', httpStatus: 422 },
  permission_denied: { retryable: false, inTask: 'fail_call', httpStatus: 422 },
  payment_required: { retryable: false, inTask: 'stop_job', httpStatus: 422 },
  not_found: { retryable: false, inTask: 'skip_call', httpStatus: 404 },
  not_ready: { retryable: true, inTask: 'reschedule', httpStatus: 409 },
  rate_limited: { retryable: true, inTask: 'reschedule', httpStatus: 429 },
  timeout: { retryable: true, inTask: 'throw', httpStatus: 503 },
  unavailable: { retryable: true, inTask: 'throw', httpStatus: 503 },
  contract: { retryable: false, inTask: 'fail_call', httpStatus: 502 },
  conflict: { retryable: true, inTask: 'reschedule', httpStatus: 409 },
  internal: { retryable: true, inTask: 'throw', httpStatus: 500 },
} as const satisfies Record<ErrorKind, ErrorRule>;

export interface ImportErrorOptions {
  readonly kind: ErrorKind;
  /** Who said so: a platform's id, or `speech`, `storage`, `tasks`, `firestore`, `slack`, `admin`. */
  readonly source: string;
  /** Safe for the API, Slack and logs: no secret, no signed URL, no participant. Says what to do. */
  readonly publicMessage: string;
  /** Overrides the table, e.g. for a 500 that is known to be permanent. */
  readonly retryable?: boolean;
  /** How long to wait before another try, in milliseconds; null when nobody said. */
  readonly retryAfterMs?: number | null;
  /** The HTTP status that the other side answered with. */
  readonly status?: number | null;
  /** The id by which the other side's support can find the request. */
  readonly requestId?: string | null;
  /** What a context notes of the call for its next try, in place of `SourceCall.hint`; as secret as that. */
  readonly hint?: string | null;
  readonly cause?: unknown;
}

/** The one error class: thrown at the adapter that noticed, read by the task and API boundaries. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
  readonly kind: ErrorKind;
  readonly source: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  readonly publicMessage: string;
  readonly status: number | null;
  readonly requestId: string | null;
  /** Private, so that it is not printed with the error: it may hold a link. */
  readonly #hint: string | null;

  constructor(options: ImportErrorOptions) {
    const publicMessage = redact(options.publicMessage);
    super(`${options.source}: ${options.kind}: ${publicMessage}`, { cause: options.cause });
    this.kind = options.kind;
    this.source = options.source;
    this.retryable = options.retryable ?? errorRules[options.kind].retryable;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.publicMessage = publicMessage;
    this.status = options.status ?? null;
    this.requestId = options.requestId ?? null;
    this.#hint = options.hint ?? null;
  }

  /** See `ImportErrorOptions`. */
  get hint(): string | null {
    return this.#hint;
  }
}

/** Wraps whatever was thrown; an `ImportError` passes through untouched. */
export function toImportError(error: unknown, source: string): ImportError {
  if (error instanceof ImportError) return error;
  if (isAbort(error)) {
    return new ImportError({
      kind: 'timeout',
      source,
      publicMessage: 'The operation did not finish in time.',
      cause: error,
    });
  }
  return new ImportError({
    kind: 'internal',
    source,
    publicMessage: 'Something went wrong on our side.',
    cause: error,
  });
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

const secretPatterns: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic|zoho-oauthtoken)\s+[\w.~+/=:-]+/gi, '$1 [redacted]'],
  [/\b(authorization|cookie|set-cookie|x-api-key)\s*[:=]\s*[^\s,;]+/gi, '$1: [redacted]'],
  [
    /([?&](?:[\w-]*(?:token|secret|signature|password|api[_-]?key|access[_-]?key|credential|sig|code))=)[^&\s#"']+/gi,
    '$1[redacted]',
  ],
  [/(:\/\/)[^/\s:@]+:[^/\s@]+@/g, '$1[redacted]@'],
];

/** Takes authorization headers, cookies, user info and secret query parameters out of a text. */
export function redact(text: string): string {
  return secretPatterns.reduce((result, [pattern, by]) => result.replace(pattern, by), text);
}
