import type { ErrorKind } from '../core/errors.ts';

/** What the body of a failed answer told, as far as it changes what happens next. */
export interface ErrorReading {
  readonly kind?: ErrorKind;
  /** Our words for it: what went wrong and what to do. Never the platform's text. */
  readonly message?: string;
  readonly retryAfterMs?: number;
  /** The instant from which the platform answers again, where it says that and not a wait. */
  readonly retryAt?: Date;
  readonly retryable?: boolean;
}

export interface FailedAnswer {
  readonly status: number;
  /** Path without the query. */
  readonly path: string;
  /** Parsed JSON, or null where it was none. */
  readonly body: unknown;
}

/** How a platform's failures differ from the default table. */
export interface PlatformErrors {
  /** Statuses that mean something else here. */
  readonly byStatus?: Readonly<Partial<Record<number, ErrorKind>>>;
  /** What to tell the customer for a kind, e.g. where to make a new key. */
  readonly messages?: Readonly<Partial<Record<ErrorKind, string>>>;
  /** Looks into the body where the status alone does not tell; null: it does. */
  readonly read?: (answer: FailedAnswer) => ErrorReading | null;
  /** Where an answer's body, failed or not, names the request for the platform's support. */
  readonly requestIdOf?: (body: unknown) => unknown;
  /**
   * Finds the failure in an answer whose status says success, for platforms that report failures
   * there; null: it is none. `partial` is the request's.
   */
  readonly failureIn?: (
    body: unknown,
    request: { readonly partial: boolean },
  ) => BodyFailure | null;
}

/** A failure that came with a status of success. */
export interface BodyFailure {
  /** What the status should have been. */
  readonly status: number;
  /** What `read` is given, and support is shown: the part of the body that is about the failure. */
  readonly body: unknown;
}

/** Types a platform's differences from the default status table. */
export function defineErrors(differences: PlatformErrors): PlatformErrors {
  return differences;
}

const kindsByStatus: Readonly<Record<number, ErrorKind>> = {
  400: 'bad_request',
  401: 'auth_invalid',
  402: 'payment_required',
  403: 'permission_denied',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  410: 'not_found',
  413: 'bad_request',
  414: 'bad_request',
  422: 'bad_request',
  425: 'not_ready',
  429: 'rate_limited',
};

/** The kind of a failed status: the platform's own meaning first, then the default table. */
export function toErrorKind(status: number, errors: PlatformErrors): ErrorKind {
  const kind = errors.byStatus?.[status] ?? kindsByStatus[status];
  if (kind !== undefined) return kind;
  return status >= 500 ? 'unavailable' : 'contract';
}

/** The words for a failure that nobody has better ones for. */
export function toErrorMessage(options: {
  readonly kind: ErrorKind;
  readonly displayName: string;
  readonly status: number;
  readonly path: string;
  readonly scopes: readonly string[];
}): string {
  const { displayName, scopes } = options;
  const answered = `${displayName} answered ${String(options.status)} for ${options.path}`;
  const messages = {
    bad_request: `${answered}: it did not accept the request.`,
    auth_invalid: `${displayName} rejected the credentials: they are wrong, expired or revoked.`,
    permission_denied:
      scopes.length === 0
        ? `${displayName} denied access: the credentials lack a permission.`
        : `${displayName} denied access: the credentials need ${scopes.join(', ')}.`,
    payment_required: `${displayName} asks for payment: check the customer's plan or balance there.`,
    not_found: `${answered}: there is no such thing, or the credentials may not see it.`,
    not_ready: `${displayName} is still processing this.`,
    rate_limited: `${displayName} limits our requests for now.`,
    timeout: `${displayName} did not answer in time.`,
    unavailable: `${displayName} is not available right now (${String(options.status)}).`,
    contract: `${answered}, which its API does not define.`,
    conflict: `${answered}: something else changed it at the same time.`,
    internal: `${answered}.`,
  } as const satisfies Record<ErrorKind, string>;
  return messages[options.kind];
}
