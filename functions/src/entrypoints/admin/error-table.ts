import { errorRules, type ErrorKind } from '../../core/errors.ts';

/** What is to be said of an error code, to whom. */
interface ErrorWords {
  /** What it is, as a heading. */
  readonly title: string;
  /** What whoever made the request does next. */
  readonly remedy: string;
  /** What it means, and where to look. */
  readonly engineers: string;
  /** What support does, in an import or with a request. */
  readonly support: string;
  /** To be sent to the customer as it stands; `{platform}` and `{scopes}` are filled in. Null: it is none of theirs. */
  readonly customer: string | null;
}

/** The words for each kind that the engine knows. */
const kindWords = {
  bad_request: {
    title: 'The request is not right',
    remedy: 'Correct what "errors" points at and send the request again.',
    engineers: "Our caller's input was wrong.",
    support: "Correct the fields that the answer's `errors` point at, and send the request again.",
    customer: null,
  },
  auth_invalid: {
    title: 'The platform rejects the credentials',
    remedy: 'Ask the customer for new credentials; GET /admin/platforms says how to get them.',
    engineers: 'The platform rejected the credentials, or they expired.',
    support:
      'Ask the customer for a new key or a new connection, then start the import again: what is imported stays and is not imported twice.',
    customer:
      'Our access to your calls at {platform} no longer works: the key is wrong, expired or was revoked. Please create a new key and send it to us by a safe way. What we have already imported stays as it is.',
  },
  permission_denied: {
    title: 'The credentials lack a permission',
    remedy: 'Ask the customer to give the credentials the permission that is named.',
    engineers: 'The credentials lack a scope; the message names it.',
    support:
      'Have the customer grant the named scope at the platform, then retry the failed calls.',
    customer:
      'The key that you gave us for {platform} may not read everything that the import needs. Please give the key {scopes}; then tell us, and we will go on with the import.',
  },
  payment_required: {
    title: "The customer's plan at the platform does not allow this",
    remedy: 'The customer has to settle their plan or balance at the platform first.',
    engineers: "The customer's plan or balance at the platform does not cover it.",
    support: 'Tell the customer which plan or balance is needed, then start the import again.',
    customer:
      'Your plan or balance at {platform} does not include access to your recordings by its API. Please check your plan there; then tell us, and we will go on with the import.',
  },
  not_found: {
    title: 'Not found',
    remedy: 'Check the id. GET /admin/imports?customerId=… lists the imports of a customer.',
    engineers: "The call or its recording is gone, or it is not this customer's.",
    support:
      'Nothing when a call is skipped. For a request to the admin API, check the id and the customer.',
    customer:
      'Some of your calls no longer exist at {platform}, or have no recording there, so they could not be imported. If they should be there, please look for them at {platform} and tell us.',
  },
  not_ready: {
    title: 'Not ready yet',
    remedy: 'Try again in a few minutes.',
    engineers: 'The platform still processes the recording or the transcript.',
    support: 'Nothing: the engine looks again. After the last attempt, retry the call later.',
    customer:
      'Some of your newest calls are still being processed by {platform}. We will import them as soon as they are ready there.',
  },
  rate_limited: {
    title: 'Too many requests',
    remedy: 'Wait as long as Retry-After says, then try again.',
    engineers: "The platform's limit, or the share of it that we allow ourselves, is used up.",
    support: 'Nothing: the job shows when it goes on.',
    customer:
      '{platform} limits how fast your calls can be read. The import goes on by itself as soon as it may.',
  },
  timeout: {
    title: 'The other side did not answer in time',
    remedy: 'Try again in a minute.',
    engineers: 'The other side did not answer in time.',
    support: "Nothing at first. When it stays, look at the platform's status page.",
    customer:
      '{platform} answers slowly at the moment. The import tries again by itself; nothing is lost.',
  },
  unavailable: {
    title: 'The other side is not available',
    remedy: 'Try again in a minute.',
    engineers: 'Network trouble, or the other side answered with a server error.',
    support: "Nothing at first. When it stays, look at the platform's status page.",
    customer:
      '{platform} is not available at the moment. The import tries again by itself; nothing is lost.',
  },
  contract: {
    title: 'The platform answered with something unexpected',
    remedy: 'Tell the engineers the requestId: the adapter of this platform has to be looked at.',
    engineers:
      "An answer broke the platform's documented shape, a cursor repeated, or a link was unsafe.",
    support: 'Report it to engineering with the request id: the platform may have changed its API.',
    customer:
      'Some of your calls could not be read, because {platform} sends them in a way that we do not know yet. Our engineers look into it, and we will import them afterwards.',
  },
  conflict: {
    title: 'Not possible in the present state',
    remedy: 'Look at the present state with GET, then decide.',
    engineers:
      'Somebody else was faster: another worker holds the call or the job, or the record has changed.',
    support:
      'Nothing in an import. For a request to the admin API, read the record again and decide anew.',
    customer: null,
  },
  internal: {
    title: 'Something went wrong on our side',
    remedy: 'Try again; if it stays, tell the engineers the requestId.',
    engineers: 'A bug of ours.',
    support: 'Report it to engineering with the request id.',
    customer:
      'The import of your calls met an error on our side. Our engineers have been told; you need not do anything.',
  },
} as const satisfies Record<ErrorKind, ErrorWords>;

/** Refusals of the admin API itself, before any engine is asked. */
const refusals = {
  unauthenticated: {
    status: 401,
    title: 'Who are you?',
    remedy:
      'Send "Authorization: Bearer <Firebase ID token>" of a user with the role support or admin.',
    engineers: 'No ID token, or one that Firebase Authentication does not vouch for.',
    support: 'Sign in again: a token lives for an hour.',
    customer: null,
    retryable: false,
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    remedy: 'Ask an administrator for the role support or admin.',
    engineers: 'The token is good; its claim `role` does not allow this.',
    support: 'Ask an administrator for the role that the answer names.',
    customer: null,
    retryable: false,
  },
  no_such_path: {
    status: 404,
    title: 'No such path',
    remedy: 'GET /admin/openapi.json describes what there is.',
    engineers: 'No route has this path.',
    support: 'Check the address for a slip of the pen.',
    customer: null,
    retryable: false,
  },
  method_not_allowed: {
    status: 405,
    title: 'Not with this method',
    remedy: 'Use a method that the header Allow names.',
    engineers: 'The path has routes, none with this method.',
    support: 'Use the method that the answer names.',
    customer: null,
    retryable: false,
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    remedy: 'Recordings go through POST /admin/uploads; split long metadata over several imports.',
    engineers: 'The body is refused unread.',
    support: 'Send recordings through POST /admin/uploads, and long metadata in several imports.',
    customer: null,
    retryable: false,
  },
  unsupported_media_type: {
    status: 415,
    title: 'Not JSON',
    remedy: 'Send the body as JSON with "Content-Type: application/json".',
    engineers:
      'A body of another type would be passed over, and with it what the caller asked for.',
    support: 'Send the body as JSON, with the header "Content-Type: application/json".',
    customer: null,
    retryable: false,
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key belongs to another request',
    remedy: 'Send another request with an Idempotency-Key of its own.',
    engineers: 'Within 24 hours the same caller sent another body under the same key.',
    support: 'Use a new Idempotency-Key for what is a new request.',
    customer: null,
    retryable: false,
  },
  idempotency_key_in_use: {
    status: 409,
    title: 'The first request with this idempotency key is still running',
    remedy: 'Wait as long as Retry-After says, then send the same request again.',
    engineers: 'The key is held by a lease of two minutes, after which a repeat takes the work up.',
    support: 'Send the same request again in a few seconds: it answers as the first one did.',
    customer: null,
    retryable: true,
  },
  too_many_requests: {
    status: 429,
    title: 'You ask too often',
    remedy: 'Wait as long as Retry-After says, then try again.',
    engineers: 'The caller has spent their requests of this minute on this instance.',
    support: 'Wait as long as Retry-After says. Scripts should ask less often.',
    customer: null,
    retryable: true,
  },
} as const satisfies Record<
  string,
  ErrorWords & { readonly status: number; readonly retryable: boolean }
>;

export type RefusalCode = keyof typeof refusals;
export type ErrorCode = ErrorKind | RefusalCode;

/** All that is said of a code. */
export interface ErrorEntry extends ErrorWords {
  readonly code: ErrorCode;
  /** Of the admin API's answer. */
  readonly status: number;
  readonly retryable: boolean;
}

/** Every code that an answer of the admin API, or an import, can have. */
export const errorEntries: readonly ErrorEntry[] = [
  // The keys of both tables are the codes that their types say.
  ...(Object.keys(kindWords) as ErrorKind[]).map((code) => entryOf(code)),
  ...(Object.keys(refusals) as RefusalCode[]).map((code) => entryOf(code)),
];

/** The entry of a code. */
export function entryOf(code: ErrorCode): ErrorEntry {
  if (isRefusal(code)) return { code, ...refusals[code] };
  const { httpStatus: status, retryable } = errorRules[code];
  return { code, status, retryable, ...kindWords[code] };
}

function isRefusal(code: ErrorCode): code is RefusalCode {
  return code in refusals;
}

/** The message for the customer with the platform's name and scopes in it; null where there is none. */
export function toCustomerMessage(
  { customer }: Pick<ErrorEntry, 'customer'>,
  platform: { readonly displayName: string; readonly scopes: readonly string[] } | null,
): string | null {
  const scopes = platform?.scopes ?? [];
  const wanted =
    scopes.length > 0 ? `the scope${scopes.length > 1 ? 's' : ''} ${scopes.join(', ')}` : null;
  const text = customer
    ?.replaceAll('{platform}', platform?.displayName ?? 'your call platform')
    .replaceAll('{scopes}', wanted ?? 'access to calls, recordings and transcripts');
  return text ? text.charAt(0).toUpperCase() + text.slice(1) : null;
}
