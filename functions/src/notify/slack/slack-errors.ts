import { z } from 'zod';
import { ImportError, toImportError, type ErrorKind } from '../../core/errors.ts';

interface Meaning {
  readonly kind: ErrorKind;
  readonly publicMessage: string;
  readonly retryable?: boolean;
}

const busy: Meaning = {
  kind: 'rate_limited',
  publicMessage: 'Slack takes no more messages for the moment.',
};
const outage: Meaning = {
  kind: 'unavailable',
  publicMessage: 'Slack could not be reached; the message may have been posted.',
};
const broken: Meaning = {
  kind: 'auth_invalid',
  publicMessage: 'Slack refuses our token: reinstall the app and set the new one.',
};
const closedChannel: Meaning = {
  kind: 'not_found',
  publicMessage: 'We may not post to the Slack channel: invite the bot, or set another channel.',
};
const goneMessage: Meaning = {
  kind: 'not_found',
  publicMessage: 'The Slack message can no longer be edited: post a new one.',
};
const content: Meaning = {
  kind: 'internal',
  publicMessage: 'Slack refused the content of a message.',
  retryable: false,
};

/** @see https://docs.slack.dev/reference/methods/chat.postMessage/#errors (and chat.update) */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ...each(['ratelimited', 'rate_limited', 'message_limit_exceeded'], busy),
  ...each(
    ['fatal_error', 'internal_error', 'service_unavailable', 'request_timeout', 'update_failed'],
    outage,
  ),
  ...each(['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked'], broken),
  ...each(['token_expired', 'missing_scope', 'no_permission', 'access_denied'], broken),
  ...each(['channel_not_found', 'is_archived', 'not_in_channel'], closedChannel),
  ...each(['messages_tab_disabled'], closedChannel),
  ...each(['message_not_found', 'cant_update_message'], goneMessage),
  ...each(['edit_window_closed', 'is_inactive'], goneMessage),
  ...each(['block_mismatch', 'invalid_blocks', 'invalid_blocks_format'], content),
  ...each(['msg_blocks_too_long', 'msg_too_long', 'no_text', 'metadata_too_large'], content),
]);

function each(codes: readonly string[], meaning: Meaning): [string, Meaning][] {
  return codes.map((code) => [code, meaning]);
}

/** What the SDK throws, as far as it is read. */
const SdkError = z.discriminatedUnion('code', [
  z.object({ code: z.literal('slack_webapi_rate_limited_error'), retryAfter: z.number() }),
  z.object({
    code: z.literal('slack_webapi_platform_error'),
    data: z.object({
      error: z.string(),
      needed: z.string().nullish(),
      response_metadata: z.object({ retryAfter: z.number().nullish() }).nullish(),
    }),
  }),
  z.object({ code: z.literal('slack_webapi_http_error'), statusCode: z.int() }),
  z.object({ code: z.literal('slack_webapi_request_error') }),
]);

/** Slack's own word for what went wrong, such as `channel_not_found`; null when it said none. */
export function toSlackCode(error: unknown): string | null {
  const parsed = SdkError.safeParse(error);
  if (!parsed.success || parsed.data.code !== 'slack_webapi_platform_error') return null;
  // A body that is not JSON arrives here as the error too: that is no word of Slack's.
  return /^[a-z0-9_]{1,80}$/.test(parsed.data.data.error) ? parsed.data.data.error : null;
}

/** Whether the same message may pass as short plain text. */
export function isContentRefusal(error: unknown): boolean {
  const code = toSlackCode(error);
  return code !== null && meanings.get(code) === content;
}

/** Translates what the Slack SDK threw. */
export function toSlackError(error: unknown): ImportError {
  if (error instanceof ImportError) return error;
  const parsed = SdkError.safeParse(error);
  if (!parsed.success) return toUnknownError(error);
  const { data } = parsed;
  switch (data.code) {
    case 'slack_webapi_rate_limited_error':
      return toError(busy, { cause: error, retryAfterMs: toWaitMs(data.retryAfter), status: 429 });
    case 'slack_webapi_http_error':
      return data.statusCode >= 500 || data.statusCode === 408
        ? toError(outage, { cause: error, status: data.statusCode })
        : toContractError(`Slack answered with status ${data.statusCode}.`, error);
    case 'slack_webapi_request_error':
      return toError(outage, { cause: error });
    case 'slack_webapi_platform_error':
      return toPlatformError(error, data.data);
  }
}

function toPlatformError(
  error: unknown,
  data: {
    needed?: string | null | undefined;
    response_metadata?: { retryAfter?: number | null | undefined } | null | undefined;
  },
): ImportError {
  const code = toSlackCode(error);
  if (code === null)
    return toContractError('Slack answered with something other than JSON.', error);
  // Slack keeps adding reasons to restrict posting, all under this prefix.
  const meaning = code.startsWith('restricted_action') ? closedChannel : meanings.get(code);
  if (meaning === undefined) {
    return toContractError(`Slack answered with an error that we do not know: ${code}.`, error);
  }
  const scope = data.needed ? ` The scope ${data.needed} is missing.` : '';
  const retryAfterS = data.response_metadata?.retryAfter;
  return toError(
    { ...meaning, publicMessage: `${meaning.publicMessage} (${code})${scope}` },
    { cause: error, retryAfterMs: retryAfterS == null ? null : toWaitMs(retryAfterS) },
  );
}

function toUnknownError(error: unknown): ImportError {
  // The SDK has no class for a 429 that does not say how long to wait (@slack/web-api 8.2.0).
  const isBusy = error instanceof Error && /^Retry header did not contain/.test(error.message);
  if (isBusy) return toError(busy, { cause: error, status: 429 });
  // Cut off while the body was read: the SDK lets that through as it is.
  const isCutOff = error instanceof Error && cutOffNames.includes(error.name);
  return isCutOff ? toError(outage, { cause: error }) : toImportError(error, 'slack');
}

const cutOffNames: readonly string[] = ['AbortError', 'TimeoutError', 'TypeError'];

const maxWaitMs = 3_600_000;

/** Nonsense is clamped to between a second and an hour. */
function toWaitMs(seconds: number): number {
  return Math.min(Math.max(seconds * 1000, 1000), maxWaitMs);
}

function toContractError(publicMessage: string, cause: unknown): ImportError {
  return new ImportError({ kind: 'contract', source: 'slack', publicMessage, cause });
}

function toError(
  meaning: Meaning,
  details: { cause: unknown; retryAfterMs?: number | null; status?: number },
): ImportError {
  return new ImportError({ ...meaning, ...details, source: 'slack' });
}
