import type { Clock } from '../core/ports.ts';
import { ImportError, redact } from '../core/errors.ts';
import { toErrorKind, toErrorMessage } from './define-errors.ts';
import type { PlatformErrors } from './define-errors.ts';
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
export function readRequestId(headers: ResponseHeaders): string | null {
  for (const name of requestIdHeaders) {
    const value = headers.get(name);
    if (value !== null && /^[\w.:-]{1,100}$/.test(value)) return value;
  }
  return null;
}

/** Reads a failed answer to its end and translates it, once. */
export async function toAnswerError(
  response: FetchResponse,
  options: { readonly path: string; readonly voice: PlatformVoice },
): Promise<ImportError> {
  const { path, voice } = options;
  const { status, headers } = response;
  const text = await readErrorText(response, voice);
  const kind = toErrorKind(status, voice.errors);
  const reading = voice.errors.read?.({ status, path, body: parseOrNull(text) }) ?? null;
  const finalKind = reading?.kind ?? kind;
  const { displayName, scopes } = voice;
  return new ImportError({
    kind: finalKind,
    source: voice.platform,
    publicMessage:
      reading?.message ??
      voice.errors.messages?.[finalKind] ??
      toErrorMessage({ kind: finalKind, displayName, status, path, scopes }),
    ...(reading?.retryable !== undefined && { retryable: reading.retryable }),
    retryAfterMs:
      reading?.retryAfterMs ?? parseRetryAfter(headers.get('retry-after'), voice.clock.now()),
    status,
    requestId: readRequestId(headers),
    cause: new Error(redact(scrub(text, voice.secrets)).slice(0, maxQuotedCharacters)),
  });
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
