import type { Context } from 'hono';
import type { FirefliesFaults } from './fireflies.sandbox-faults.ts';

const errors = {
  invalid_arguments: { status: 400, message: 'The arguments are not valid.' },
  args_required: { status: 400, message: 'Arguments are missing.' },
  paid_required: { status: 403, message: 'You need a paid plan for this field.' },
  object_not_found: { status: 404, message: 'The transcript was not found.' },
  too_many_requests: { status: 429, message: 'Too many requests.' },
  auth_failed: { status: 500, message: 'Auth failed: bad token.' },
  invariant_violation: { status: 500, message: 'Something went wrong.' },
} as const;

export type ErrorCode = keyof typeof errors;

/** Why a query, or a field of it, is refused. */
export interface Refusal {
  readonly code: ErrorCode;
  /** The field that failed; the whole query where there is none. */
  readonly path?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** The HTTP status; by default 200, but for a rejected key, which is a 500. */
  readonly status?: 500;
}

/** Answers as Fireflies does: with its error shape, and mostly under HTTP 200. */
export function refuse(
  c: Context,
  options: {
    readonly refusal: Refusal;
    readonly faults: FirefliesFaults;
    readonly data?: Readonly<Record<string, unknown>>;
    /** Every field that failed, where others did not. */
    readonly others?: readonly Refusal[];
  },
): Response {
  const { refusal, faults, data = null } = options;
  const { status } = errors[refusal.code];
  const usual = refusal.code === 'auth_failed' ? status : (refusal.status ?? 200);
  const body = { errors: (options.others ?? [refusal]).map(toError), data };
  return c.json(body, faults['status-codes'] === null ? usual : status);
}

function toError({ code, path, metadata = {} }: Refusal) {
  const { status, message } = errors[code];
  const helpUrls = ['https://docs.fireflies.ai/miscellaneous/error-codes'];
  return {
    ...{ message, code, friendly: true },
    ...(path !== undefined && { path }),
    extensions: { code, status, metadata, helpUrls },
  };
}
