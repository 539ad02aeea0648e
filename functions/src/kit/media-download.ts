import { ImportError } from '../core/errors.ts';
import type { MediaStream } from '../core/imports/source-call.ts';
import type { PlatformVoice } from './answer-error.ts';
import { toAnswerError, toNetworkError } from './answer-error.ts';
import type { Deadline, Fetch, FetchResponse, Sleep } from './fetch.ts';
import { createDeadline, discardBody } from './fetch.ts';
import type { HostRule } from './guarded-fetch.ts';
import { guardedGet, isHostOf } from './guarded-fetch.ts';
import { maxAttempts } from './http.ts';
import type { RateLimiter } from './rate-limiter.ts';

export interface MediaDownload {
  readonly url: string;
  readonly contentType: string | null;
  readonly sizeBytes: number | null;
  readonly fetch: Fetch;
  readonly allowedOrigins: readonly string[];
  readonly hosts: HostRule;
  readonly redirectHosts: HostRule;
  /** Sent to the API's origin and to `credentialHosts` only, never after a redirect off them. */
  readonly credentialHeaders: Readonly<Record<string, string>>;
  /** File hosts of the platform that want the credentials as the API does. */
  readonly credentialHosts?: readonly string[];
  /** The API's base URL: what lies under it counts against the limits. Null: there is no API. */
  readonly apiUrl: string | null;
  readonly voice: PlatformVoice;
  readonly limiter: RateLimiter;
  readonly sleep: Sleep;
  readonly random: () => number;
  /** Until the answer's headers are here. */
  readonly requestTimeoutMs: number;
  /** The longest silence between two chunks. */
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface OpenAnswer {
  readonly response: FetchResponse;
  readonly deadline: Deadline;
}

const maxResumes = 8;
const firstBackoffMs = 500;
const maxInlineWaitMs = 5000;

/**
 * Opens a recording as a stream that survives resets where the other side supports ranges.
 * @throws `not_found` when the recording is gone or a signed link has expired, `contract` for an
 * unsafe URL or a web page in place of a recording, `unavailable`, `timeout`
 */
export async function openDownload(download: MediaDownload): Promise<MediaStream> {
  const answer = await openWithRetries(download);
  const { headers } = answer.response;
  try {
    requireMedia(answer.response, download.voice);
  } catch (error) {
    answer.deadline.dispose();
    await discardBody(answer.response);
    throw error;
  }
  const sizeBytes = toSize(headers.get('content-length')) ?? download.sizeBytes;
  return {
    contentType: headers.get('content-type') ?? download.contentType,
    sizeBytes,
    body: readAll(download, { answer, sizeBytes, validator: toValidator(answer.response) }),
  };
}

async function openWithRetries(download: MediaDownload): Promise<OpenAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openOnce(download, {});
    } catch (thrown) {
      const error = toNetworkError(thrown, download.voice);
      const waitMs = toOpenRetryDelayMs(error, attempt, download.random);
      if (waitMs === null || download.signal?.aborted === true) throw error;
      await pause(download, waitMs);
    }
  }
}

function toOpenRetryDelayMs(
  error: ImportError,
  attempt: number,
  random: () => number,
): number | null {
  if (attempt >= maxAttempts || (error.retryAfterMs ?? 0) > maxInlineWaitMs) return null;
  // The limiter waits out a 429 before it lets the next request through.
  if (error.kind === 'rate_limited') return error.status === null ? null : 0;
  if (error.kind !== 'timeout' && error.kind !== 'unavailable') return null;
  return error.retryAfterMs ?? Math.round(random() * firstBackoffMs * 2 ** (attempt - 1));
}

async function pause(download: MediaDownload, waitMs: number): Promise<void> {
  try {
    await download.sleep(waitMs, download.signal);
  } catch (error) {
    throw toNetworkError(error, download.voice);
  }
}

/** The deadline is the caller's to dispose of once this has returned. */
async function openOnce(
  download: MediaDownload,
  rangeHeaders: Readonly<Record<string, string>>,
): Promise<OpenAnswer> {
  if (isApiUrl(download)) await download.limiter.acquire(download.signal);
  const deadline = createDeadline(download.requestTimeoutMs, download.signal);
  try {
    const { response, redirects } = await guardedGet({
      url: download.url,
      fetch: download.fetch,
      allowedOrigins: download.allowedOrigins,
      hosts: download.hosts,
      redirectHosts: download.redirectHosts,
      // Bytes as they are: a compressed answer would hide its size and break ranges.
      headers: { accept: '*/*', 'accept-encoding': 'identity', ...rangeHeaders },
      credentialHeaders: download.credentialHeaders,
      credentialOrigin: toCredentialOrigin(download),
      signal: deadline.signal,
      source: download.voice.platform,
    });
    if (response.status !== 200 && response.status !== 206) {
      throw await toMediaError(response, {
        download,
        isApi: redirects === 0 && isApiUrl(download),
        isCredentialed: redirects === 0 && isCredentialHost(download),
      });
    }
    deadline.stop();
    return { response, deadline };
  } catch (error) {
    deadline.dispose();
    throw error;
  }
}

function isApiUrl(download: MediaDownload): boolean {
  return download.apiUrl !== null && download.url.startsWith(`${download.apiUrl}/`);
}

/** One that is allowed to be private stands in for every host of the platform. */
function isCredentialHost({ url, credentialHosts, allowedOrigins }: MediaDownload): boolean {
  const parsed = URL.parse(url);
  if (parsed === null || credentialHosts === undefined) return false;
  return allowedOrigins.includes(parsed.origin) || isHostOf(credentialHosts, parsed.hostname);
}

function toCredentialOrigin(download: MediaDownload): string | null {
  const url = isCredentialHost(download) ? download.url : (download.apiUrl ?? '');
  return URL.parse(url)?.origin ?? null;
}

/** A file host says nothing of credentials that it was not sent: what it denies is a link that was too old. */
async function toMediaError(
  response: FetchResponse,
  {
    download,
    isApi,
    isCredentialed,
  }: {
    readonly download: MediaDownload;
    readonly isApi: boolean;
    readonly isCredentialed: boolean;
  },
): Promise<ImportError> {
  const { voice } = download;
  const error = await toAnswerError(response, { path: 'the recording', voice });
  if (isApi) {
    const { status, headers } = response;
    await download.limiter.observe({ status, headers, retryAfterMs: error.retryAfterMs });
    return error;
  }
  if (isCredentialed && error.kind === 'auth_invalid') return error;
  if (![400, 401, 403, 404, 410].includes(response.status)) return error;
  return new ImportError({
    kind: 'not_found',
    source: voice.platform,
    publicMessage: `The recording's link has expired or the recording is gone from ${voice.displayName}.`,
    status: response.status,
    cause: error,
  });
}

function requireMedia(response: FetchResponse, voice: PlatformVoice): void {
  const { headers } = response;
  const contentType = headers.get('content-type') ?? '';
  const encoding = headers.get('content-encoding') ?? 'identity';
  let why: string | null = null;
  if (/^(?:text\/html|application\/(?:json|problem\+json))\b/i.test(contentType)) {
    why = 'a document in place of the recording';
  } else if (encoding !== 'identity') why = 'a compressed recording that nobody asked for';
  if (why === null) return;
  throw new ImportError({
    kind: 'contract',
    source: voice.platform,
    publicMessage: `${voice.displayName} answered with ${why}.`,
  });
}

interface OpenedMedia {
  readonly answer: OpenAnswer;
  readonly sizeBytes: number | null;
  /** What `If-Range` compares, null where a resumed download could mix two recordings. */
  readonly validator: string | null;
}

async function* readAll(download: MediaDownload, opened: OpenedMedia): AsyncGenerator<Uint8Array> {
  const { sizeBytes, validator } = opened;
  let answer: OpenAnswer | null = opened.answer;
  let receivedBytes = 0;
  let isLost = false;
  for (let resumes = 0; ; resumes += 1) {
    try {
      answer ??= await openAt(download, { receivedBytes, validator });
      isLost = answer === null;
      if (answer === null) throw torn(download.voice, 'broke off and cannot be resumed');
      for await (const chunk of readWatched(download, answer)) {
        receivedBytes += chunk.byteLength;
        if (sizeBytes !== null && receivedBytes > sizeBytes) throw tooLong(download.voice);
        yield chunk;
      }
      if (sizeBytes === null || receivedBytes === sizeBytes) return;
      throw torn(download.voice, 'ended early');
    } catch (thrown) {
      const error = toNetworkError(thrown, download.voice);
      const canResume =
        (error.kind === 'unavailable' || error.kind === 'timeout') &&
        error.retryable &&
        !isLost &&
        resumes < maxResumes &&
        (receivedBytes === 0 || validator !== null);
      if (!canResume || download.signal?.aborted === true) throw error;
      answer?.deadline.dispose();
      answer = null;
      await pause(
        download,
        Math.round(download.random() * firstBackoffMs * 2 ** Math.min(resumes, 4)),
      );
    } finally {
      answer?.deadline.dispose();
    }
  }
}

/** Time runs only while we wait for the other side, never while our own consumer is busy. */
async function* readWatched(
  { idleTimeoutMs }: MediaDownload,
  { response, deadline }: OpenAnswer,
): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  deadline.restart(idleTimeoutMs);
  for await (const chunk of response.body) {
    deadline.stop();
    yield chunk;
    deadline.restart(idleTimeoutMs);
  }
}

/** Opens the rest; null when the other side no longer has the same bytes for us. */
async function openAt(
  download: MediaDownload,
  { receivedBytes, validator }: { receivedBytes: number; validator: string | null },
): Promise<OpenAnswer | null> {
  if (receivedBytes === 0 || validator === null) return openOnce(download, {});
  const range = { range: `bytes=${String(receivedBytes)}-`, 'if-range': validator };
  const answer = await openOnce(download, range).catch((error: unknown) => {
    if (error instanceof ImportError && error.kind === 'not_found') return null;
    throw error;
  });
  if (answer === null) return null;
  const { status, headers } = answer.response;
  const start = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1];
  if (status === 206 && Number(start) === receivedBytes) return answer;
  answer.deadline.dispose();
  await discardBody(answer.response);
  return null;
}

/** The next attempt starts from the beginning with a fresh link. */
function torn(voice: PlatformVoice, why: string): ImportError {
  return new ImportError({
    kind: 'unavailable',
    source: voice.platform,
    publicMessage: `The recording's download ${why}.`,
  });
}

function tooLong(voice: PlatformVoice): ImportError {
  return new ImportError({
    kind: 'contract',
    source: voice.platform,
    publicMessage: 'The recording has more bytes than were declared.',
  });
}

function toSize(value: string | null): number | null {
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#field.if-range: a weak ETag does not count */
function toValidator({ headers }: FetchResponse): string | null {
  if (headers.get('accept-ranges')?.toLowerCase() === 'none') return null;
  const etag = headers.get('etag');
  return etag?.startsWith('"') === true ? etag : headers.get('last-modified');
}
