import type { Clock } from '../core/ports.ts';
import { ImportError, redact } from '../core/errors.ts';
import { toErrorKind, toErrorMessage } from './define-errors.ts';
import type { FailedAnswer, PlatformErrors } from './define-errors.ts';
import type { FetchResponse, ResponseHeaders } from './fetch.ts';
import { readText } from './fetch.ts';
import { parseRetryAfter } from './retry-after.ts';

/** Who a platform is, as far as an error has to say. */
export interface PlatformVoice {
  readonly platform: string;
  readonly displayName: string;
  readonly errors: PlatformErrors;
  /** Named where a permission is missing. */
  readonly scopes: readonly string[];
  /** Texts that must appear in no error: credentials and what is made of them. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
}

const maxErrorBodyBytes = 65_536;
const maxQuotedCharacters = 500;
const requestIdHeaders = ['x-request-id', 'request-id', 'x-correlation-id', 'cf-ray'];

/** The id by which the platform's support finds the request; null where it sends none. */
export function readRequestId(
  headers: ResponseHeaders,
  { errors, body }: { readonly errors: PlatformErrors; readonly body: unknown },
): string | null {
  const candidates = [
    errors.requestIdOf?.(body),
    ...requestIdHeaders.map((name) => headers.get(name)),
  ];
  return candidates.find(isRequestId) ?? null;
}

function isRequestId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.:-]{1,100}$/.test(value);
}

/** Reads a failed answer to its end and translates it, once. */
export async function toAnswerError(
  response: FetchResponse,
  options: { readonly path: string; readonly voice: PlatformVoice },
): Promise<ImportError> {
  return (await readFailure(response, options)).error;
}

/** As `toAnswerError`, with the answer that the error was made of. */
export async function readFailure(
  response: FetchResponse,
  options: { readonly path: string; readonly voice: PlatformVoice },
): Promise<{ readonly error: ImportError; readonly answer: FailedAnswer }> {
  const { status, headers } = response;
  const text = await readErrorText(response, options.voice);
  return toFailure({ status, headers, text }, options);
}

/** Translates a failed answer whose body is here. */
export function toFailure(
  { status, headers, text }: { status: number; headers: ResponseHeaders; text: string },
  { path, voice }: { readonly path: string; readonly voice: PlatformVoice },
): { readonly error: ImportError; readonly answer: FailedAnswer } {
  const now = voice.clock.now();
  const body = parseOrNull(text);
  const answer = { status, path, body };
  const kind = toErrorKind(status, voice.errors);
  const reading = voice.errors.read?.(answer) ?? null;
  const finalKind = reading?.kind ?? kind;
  const { displayName, scopes } = voice;
  const error = new ImportError({
    kind: finalKind,
    source: voice.platform,
    publicMessage:
      reading?.message ??
      voice.errors.messages?.[finalKind] ??
      toErrorMessage({ kind: finalKind, displayName, status, path, scopes }),
    ...(reading?.retryable !== undefined && { retryable: reading.retryable }),
    retryAfterMs:
      reading?.retryAfterMs ??
      parseRetryAfter(reading?.retryAt?.toISOString() ?? headers.get('retry-after'), now),
    status,
    requestId: readRequestId(headers, { errors: voice.errors, body }),
    cause: new Error(redact(scrub(text, voice.secrets)).slice(0, maxQuotedCharacters)),
  });
  return { error, answer };
}

/** The failure of an exchange that brought no answer. */
export function toNetworkError(error: unknown, voice: PlatformVoice): ImportError {
  if (error instanceof ImportError) return error;
  const isTimeout =
    error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
  return new ImportError({
    kind: isTimeout ? 'timeout' : 'unavailable',
    source: voice.platform,
    publicMessage: isTimeout
      ? `${voice.displayName} did not answer in time.`
      : `The connection to ${voice.displayName} failed.`,
    cause: error,
  });
}

/** Takes known secrets out of a text that somebody else wrote. */
export function scrub(text: string, secrets: readonly string[]): string {
  return secrets.reduce((result, secret) => result.replaceAll(secret, '[redacted]'), text);
}

async function readErrorText(response: FetchResponse, voice: PlatformVoice): Promise<string> {
  try {
    return await readText(response.body, {
      maxBytes: maxErrorBodyBytes,
      source: voice.platform,
    });
  } catch {
    // The status is the news; a body that breaks off or never ends adds nothing to it.
    return '';
  }
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
