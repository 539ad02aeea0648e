import { z } from 'zod';

/** What Slack takes in a message; anything else in a block is let through. */
const text = (maxLength: number) =>
  z.object({ type: z.enum(['plain_text', 'mrkdwn']), text: z.string().min(1).max(maxLength) });

const Block = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('header'),
    text: text(150).extend({ type: z.literal('plain_text') }),
  }),
  z
    .object({
      type: z.literal('section'),
      text: text(3000).optional(),
      fields: z.array(text(2000)).min(1).max(10).optional(),
    })
    .refine((section) => section.text !== undefined || section.fields !== undefined),
  z.object({ type: z.literal('context'), elements: z.array(text(3000)).min(1).max(10) }),
  z.object({ type: z.literal('divider') }),
]);
export type Block = z.infer<typeof Block>;

export const Blocks = z.array(Block).max(50);

/** Undocumented; about what was seen to be refused. @see https://github.com/slackapi/bolt-js/issues/2509 */
const maxBlocksLength = 13_200;

/** `null` when Slack would take this content, else the error that it answers with. */
export function findContentError(
  method: 'chat.postMessage' | 'chat.update',
  message: { text: string | undefined; blocks: unknown },
): string | null {
  if (message.blocks === undefined && !message.text) return 'no_text';
  if (method === 'chat.update' && (message.text?.length ?? 0) > 4000) return 'msg_too_long';
  if (message.blocks === undefined) return null;
  if (!Array.isArray(message.blocks)) return 'invalid_blocks_format';
  if (!Blocks.safeParse(message.blocks).success) return 'invalid_blocks';
  return JSON.stringify(message.blocks).length > maxBlocksLength ? 'msg_blocks_too_long' : null;
}
