import type { z } from 'zod';
import { ImportError } from '../core/errors.ts';
import type { PlatformVoice } from './answer-error.ts';
import { readFailure, readRequestId, toFailure, toNetworkError } from './answer-error.ts';
import type { BodyFailure, FailedAnswer } from './define-errors.ts';
import type { Fetch, FetchResponse, Sleep } from './fetch.ts';
import { createDeadline, discardBody, readText } from './fetch.ts';
import { toDrift } from './drift.ts';
import type { AnswerDrift } from './drift.ts';
import { describeIssues } from './issues.ts';
import type { RateLimiter } from './rate-limiter.ts';

export type QueryValue = string | number | boolean | null | undefined;

export interface HttpRequest {
  /** Default GET. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** After the base URL; built with the `path` template when it holds an id. */
  readonly path: string;
  /** Null and undefined are left out. */
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** In place of the common ones of the same names, which are in lower case: another `accept`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  /** May be sent twice. Default: all but POST; a POST that only reads says so. */
  readonly idempotent?: boolean;
  /**
   * What a failed answer says in truth, where a platform answers "nothing found" with a failure: the
   * body to parse in its place; undefined where it is a failure.
   */
  readonly instead?: (answer: FailedAnswer) => unknown;
  /** How many requests of the account's limit it takes the place of. Default 1. */
  readonly weight?: number;
  /** Asks for several things, of which some may fail: the answer is then what came of the others. */
  readonly partial?: boolean;
}

/** Calls one platform's API for one customer. */
export interface PlatformHttp {
  /**
   * Sends a request and parses the answer.
   * @throws `ImportError` by the status table; `contract` naming the path when the answer broke its
   * schema; `timeout`, `unavailable` when none came
   */
  request<TSchema extends z.ZodType>(
    request: HttpRequest,
    schema: TSchema,
  ): Promise<z.output<TSchema>>;
  /** The absolute URL of a path. */
  urlOf(path: string, query?: HttpRequest['query']): string;
}

export interface PlatformHttpOptions {
  readonly voice: PlatformVoice;
  readonly baseUrl: string;
  /** Sent with every request: authorization, API version. */
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: Fetch;
  readonly limiter: RateLimiter;
  readonly sleep: Sleep;
  readonly random: () => number;
  readonly requestTimeoutMs: number;
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal | undefined;
  /** Told of each answer that broke its schema. */
  readonly reportDrift?: (drift: AnswerDrift) => Promise<void>;
}

/** What was asked for, or null where the platform does not find it. */
export async function nullIfMissing<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ImportError && error.kind === 'not_found') return null;
    throw error;
  }
}

export const maxAttempts = 3;
const firstBackoffMs = 500;
/** A longer wait belongs to a queue, not to a function that is paid for while it waits. */
const maxInlineWaitMs = 5000;

/** Creates the HTTP client that an adapter's endpoints are written with. */
export function createPlatformHttp(options: PlatformHttpOptions): PlatformHttp {
  const urlOf = (path: string, query: HttpRequest['query'] = {}): string => {
    const url = new URL(options.baseUrl.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== null && value !== undefined) url.searchParams.set(name, String(value));
    }
    return url.href;
  };
  return {
    urlOf,
    request: async (request, schema) => {
      const json = await requestWithRetries(options, request, urlOf(request.path, request.query));
      return parseAnswer(options, { path: request.path, json, schema });
    },
  };
}

async function requestWithRetries(
  options: PlatformHttpOptions,
  request: HttpRequest,
  url: string,
): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await requestOnce(options, request, url);
    } catch (thrown) {
      const error = toNetworkError(thrown, options.voice);
      const waitMs = toRetryDelayMs({
        error,
        attempt,
        isIdempotent: request.idempotent ?? request.method !== 'POST',
        random: options.random,
      });
      if (waitMs === null || options.signal?.aborted === true) throw error;
      if (waitMs > 0) await waitOrThrow(options, waitMs);
    }
  }
}

const heavyTurns = new WeakMap<RateLimiter, Promise<void>>();

/**
 * Heavy requests take their slots one request after another: among many that waited at once, each
 * would have its first slot before one had its last, and then they would go at the pace of light ones.
 */
async function acquireSlots(
  limiter: RateLimiter,
  weight: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (weight === 1) return limiter.acquire(signal);
  const turn = (heavyTurns.get(limiter) ?? Promise.resolve()).then(async () => {
    for (let slot = 0; slot < weight; slot += 1) await limiter.acquire(signal);
  });
  // Who failed to get its slots keeps nobody else from theirs.
  heavyTurns.set(
    limiter,
    turn.catch(() => undefined),
  );
  return turn;
}

async function requestOnce(
  options: PlatformHttpOptions,
  request: HttpRequest,
  url: string,
): Promise<unknown> {
  const { voice, limiter } = options;
  await acquireSlots(limiter, request.weight ?? 1, options.signal);
  const deadline = createDeadline(options.requestTimeoutMs, options.signal);
  try {
    const response = await options.fetch(url, {
      method: request.method ?? 'GET',
      redirect: 'manual',
      signal: deadline.signal,
      ...toBody(request, options.headers),
    });
    const { headers } = response;
    const isSuccess = response.status >= 200 && response.status < 300;
    const json = isSuccess ? await readJson(options, request, response) : null;
    const failure = isSuccess ? findFailure(options, request, json) : null;
    if (isSuccess && failure === null) {
      await limiter.observe({ status: response.status, headers, retryAfterMs: null });
      return json;
    }
    const told = { path: request.path, voice };
    const { error, answer } =
      failure === null
        ? await readFailure(response, told)
        : toFailure({ ...failure, headers, text: JSON.stringify(failure.body) }, told);
    const { retryAfterMs } = error;
    await limiter.observe({ status: answer.status, headers, retryAfterMs });
    const instead = request.instead?.(answer);
    if (instead !== undefined) return instead;
    throw error;
  } finally {
    deadline.dispose();
  }
}

/** Some platforms report every failure, or their limits, under a status of success. */
function findFailure(
  { voice }: PlatformHttpOptions,
  request: HttpRequest,
  json: unknown,
): BodyFailure | null {
  return voice.errors.failureIn?.(json, { partial: request.partial ?? false }) ?? null;
}

function toBody(
  request: HttpRequest,
  common: Readonly<Record<string, string>>,
): { headers: Record<string, string>; body?: string } {
  const headers = { accept: 'application/json', ...common, ...request.headers };
  if (request.json !== undefined) {
    return {
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(request.json),
    };
  }
  if (request.form === undefined) return { headers };
  return {
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(request.form).toString(),
  };
}

async function readJson(
  { voice, maxBodyBytes }: PlatformHttpOptions,
  request: HttpRequest,
  response: FetchResponse,
): Promise<unknown> {
  // Half an answer or a maintenance page is worth another try; a wrong shape, seen later, is not.
  const unreadable = (why: string, cause?: unknown): ImportError =>
    new ImportError({
      kind: 'contract',
      retryable: true,
      source: voice.platform,
      publicMessage: `${voice.displayName} answered ${request.path} with ${why}.`,
      status: response.status,
      requestId: readRequestId(response.headers, { errors: voice.errors, body: null }),
      cause,
    });
  if (/^text\/html\b/i.test(response.headers.get('content-type') ?? '')) {
    await discardBody(response);
    throw unreadable('a web page instead of JSON');
  }
  const text = await readText(response.body, { maxBytes: maxBodyBytes, source: voice.platform });
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    // A SyntaxError quotes the text around the fault, which may be anybody's words.
    throw unreadable('broken JSON', new Error(error instanceof Error ? error.name : 'not JSON'));
  }
}

async function parseAnswer<TSchema extends z.ZodType>(
  { voice, reportDrift }: PlatformHttpOptions,
  answer: { readonly path: string; readonly json: unknown; readonly schema: TSchema },
): Promise<z.output<TSchema>> {
  const parsed = answer.schema.safeParse(answer.json);
  if (parsed.success) return parsed.data;
  const { error } = parsed;
  await reportDrift?.(toDrift({ place: answer.path, error, value: answer.json }));
  throw new ImportError({
    kind: 'contract',
    source: voice.platform,
    publicMessage: `${voice.displayName} answered ${answer.path} in another shape: ${describeIssues(parsed.error)}.`,
    requestId: readRequestId(noHeaders, { errors: voice.errors, body: answer.json }),
  });
}

const noHeaders = { get: () => null };

/** Milliseconds until the next attempt, null for none: the limiter waits out a 429 by itself. */
function toRetryDelayMs(failure: {
  readonly error: ImportError;
  readonly attempt: number;
  readonly isIdempotent: boolean;
  readonly random: () => number;
}): number | null {
  const { error, attempt } = failure;
  if (attempt >= maxAttempts) return null;
  const askedMs = error.retryAfterMs;
  if (askedMs !== null && askedMs > maxInlineWaitMs) return null;
  // A refused request was not carried out; one that the limiter held back was not even sent.
  if (error.kind === 'rate_limited') return error.status === null || !error.retryable ? null : 0;
  const isTransient =
    error.retryable &&
    (error.kind === 'timeout' || error.kind === 'unavailable' || error.kind === 'contract');
  if (!isTransient || !failure.isIdempotent) return null;
  return askedMs ?? Math.round(failure.random() * firstBackoffMs * 2 ** (attempt - 1));
}

async function waitOrThrow(options: PlatformHttpOptions, waitMs: number): Promise<void> {
  try {
    await options.sleep(waitMs, options.signal);
  } catch (error) {
    throw toNetworkError(error, options.voice);
  }
}
