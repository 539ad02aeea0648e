import { Blocks, type Block } from './slack-rules.ts';

export interface SlackChannel {
  /** `C…`. */
  readonly id: string;
  readonly name: string;
}

export interface SlackMessage {
  readonly channelId: string;
  readonly ts: string;
  /** The message that this one answers; null in the channel itself. */
  readonly threadTs: string | null;
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly editCount: number;
}

export interface SlackChannels {
  /** By id, or by name with or without `#`. */
  find(idOrName: string): SlackChannel | null;
  /** Oldest first. */
  messages(channelId?: string): readonly SlackMessage[];
  post(
    message: Omit<SlackMessage, 'ts' | 'editCount' | 'blocks'> & { blocks: unknown },
  ): SlackMessage;
  /** Null when there is no such message. Text without blocks takes the blocks away. */
  edit(
    address: { channelId: string; ts: string },
    content: { text: string | undefined; blocks: unknown },
  ): SlackMessage | null;
}

/** What the sandbox's channels hold. */
export function createSlackChannels(
  channels: readonly SlackChannel[],
  now: () => Date,
): SlackChannels {
  const messages: SlackMessage[] = [];
  return {
    find: (idOrName) =>
      channels.find(({ id, name }) => id === idOrName || name === idOrName.replace(/^#/, '')) ??
      null,
    messages: (channelId) =>
      messages.filter((message) => channelId === undefined || message.channelId === channelId),
    post(draft) {
      const sequence = String(messages.length + 1).padStart(6, '0');
      const ts = `${Math.floor(now().getTime() / 1000)}.${sequence}`;
      const message = { ...draft, ts, editCount: 0, blocks: Blocks.parse(draft.blocks ?? []) };
      messages.push(message);
      return message;
    },
    edit({ channelId, ts }, { text, blocks }) {
      const index = messages.findIndex((each) => each.channelId === channelId && each.ts === ts);
      const earlier = messages[index];
      if (earlier === undefined) return null;
      const edited = {
        ...earlier,
        text: text ?? earlier.text,
        blocks: blocks === undefined ? [] : Blocks.parse(blocks),
        editCount: earlier.editCount + 1,
      };
      messages[index] = edited;
      return edited;
    },
  };
}
