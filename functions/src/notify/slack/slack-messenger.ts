import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { ImportError } from '../../core/errors.ts';
import type { ChatMessage, Messenger, PostedMessage } from '../../core/ports.ts';
import { isContentRefusal, toSlackCode, toSlackError } from './slack-errors.ts';
import { cutText } from './slack-text.ts';

export interface SlackMessengerOptions {
  /** A bot token with `chat:write`; with `channels:history` too, a lost message is found again. */
  readonly token: string;
  /** The channel's id, `C…`: a name can be posted to but not searched. */
  readonly channel: string;
  /** By default Slack's own. */
  readonly apiUrl?: string;
  /** Of one request; by default 10,000. */
  readonly timeoutMs?: number;
  /** Told when Slack refused the blocks and the message went out as short plain text: our bug. */
  readonly onContentRefused?: (error: ImportError) => void;
}

const eventType = 'import_notification';
const historyPageSize = 200;
const maxHistoryPages = 5;

/**
 * A Slack channel through the Web API. It waits for nothing in process: a 429 is thrown with its
 * hint, and whoever called comes back.
 * @see https://docs.slack.dev/apis/web-api/rate-limits
 */
export function createSlackMessenger(options: SlackMessengerOptions): Messenger {
  let client: Promise<WebClient> | null = null;

  async function call(method: string, parameters: Record<string, unknown>): Promise<unknown> {
    client ??= createClient(options);
    return (await client).apiCall(method, parameters);
  }

  /** Slack refused, so nothing was posted: the second request can't make a second message. */
  async function send(
    method: string,
    message: ChatMessage,
    parameters: Record<string, unknown>,
  ): Promise<unknown> {
    const { text, blocks } = message;
    try {
      return await call(method, { ...parameters, ...plain, text, blocks });
    } catch (error) {
      if (!isContentRefusal(error)) throw error;
      options.onContentRefused?.(toSlackError(error));
      return call(method, { ...parameters, ...plain, text: cutText(text, 1000) });
    }
  }

  return {
    async post({ threadId, reference, ...message }) {
      const answer = await translated(() =>
        send('chat.postMessage', message, {
          channel: options.channel,
          ...(threadId === null ? {} : { thread_ts: threadId }),
          unfurl_links: false,
          unfurl_media: false,
          metadata: { event_type: eventType, event_payload: { reference } },
        }),
      );
      return toPosted(answer);
    },

    async edit({ channelId, messageId }, message) {
      await translated(() => send('chat.update', message, { channel: channelId, ts: messageId }));
    },

    async findPosted(reference) {
      try {
        return await findInHistory(call, { channel: options.channel, reference });
      } catch (error) {
        if (notOursToRead.includes(toSlackCode(error) ?? '')) return null;
        throw toSlackError(error);
      }
    },
  };
}

/** Names and addresses in a text stay text; `chat.update` would link them by default. */
const plain = { parse: 'none', link_names: false };

/** A bot may post where it may not read: with `chat:write.public` alone, for one. */
const notOursToRead: readonly string[] = [
  'missing_scope',
  'no_permission',
  'access_denied',
  'not_in_channel',
  'channel_not_found',
];

async function createClient(options: SlackMessengerOptions): Promise<WebClient> {
  const { LogLevel, WebClient } = await import('@slack/web-api');
  const silent = () => undefined;
  return new WebClient(options.token, {
    ...(options.apiUrl === undefined ? {} : { slackApiUrl: options.apiUrl }),
    timeout: options.timeoutMs ?? 10_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    // The SDK's own log lines would carry message texts.
    logger: {
      debug: silent,
      info: silent,
      warn: silent,
      error: silent,
      setLevel: silent,
      setName: silent,
      getLevel: () => LogLevel.ERROR,
    },
  });
}

async function translated<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toSlackError(error);
  }
}

const PostAnswer = z.object({ channel: z.string().min(1), ts: z.string().min(1) });

function toPosted(answer: unknown): PostedMessage {
  const parsed = PostAnswer.safeParse(answer);
  if (!parsed.success) throw brokenContract(parsed.error);
  return { channelId: parsed.data.channel, messageId: parsed.data.ts };
}

const HistoryPage = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      metadata: z
        .object({
          event_type: z.string().nullish(),
          event_payload: z.object({ reference: z.unknown() }).nullish(),
        })
        .nullish(),
    }),
  ),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
});

/** Newest first, as Slack gives them; what lies more than 1,000 messages back is not looked for. */
async function findInHistory(
  call: (method: string, parameters: Record<string, unknown>) => Promise<unknown>,
  { channel, reference }: { channel: string; reference: string },
): Promise<PostedMessage | null> {
  let cursor: string | null = null;
  for (let page = 0; page < maxHistoryPages; page += 1) {
    const answer = await call('conversations.history', {
      channel,
      limit: historyPageSize,
      include_all_metadata: true,
      ...(cursor === null ? {} : { cursor }),
    });
    const parsed = HistoryPage.safeParse(answer);
    if (!parsed.success) throw brokenContract(parsed.error);
    const found = parsed.data.messages.find(
      ({ metadata }) =>
        metadata?.event_type === eventType && metadata.event_payload?.reference === reference,
    );
    if (found !== undefined) return { channelId: channel, messageId: found.ts };
    cursor = parsed.data.response_metadata?.next_cursor || null;
    if (cursor === null) return null;
  }
  return null;
}

function brokenContract(cause: unknown): ImportError {
  return new ImportError({
    kind: 'contract',
    source: 'slack',
    publicMessage: 'Slack answered in a form that we do not know.',
    cause,
  });
}
