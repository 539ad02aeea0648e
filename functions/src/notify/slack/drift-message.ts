import type { PlatformDrift } from '../../core/drift/platform-drift.ts';
import type { ChatMessage } from '../../core/ports.ts';
import { toSlackText } from './slack-text.ts';

/** The message that a platform's answers have changed: what, what it means, and what to do. */
export function toDriftMessage(
  { place, changes, sample }: PlatformDrift,
  platformName: string,
): ChatMessage {
  const name = toSlackText(platformName, 75);
  const text = `${name} has changed its API: what we rely on is not there.`;
  const lines = changes.map(
    ({ path, wanted, got }) =>
      `• \`${toSlackText(path, 150)}\`: ${toSlackText(wanted, 100)} expected, ${toSlackText(got, 30)} came`,
  );
  const next =
    'What could not be read is set aside, the rest is imported. Tell the engineers; when the adapter ' +
    'is mended, `POST /admin/imports/{jobId}/retry?code=contract` imports what was set aside.';
  const section = (mrkdwn: string) => ({ type: 'section', text: { type: 'mrkdwn', text: mrkdwn } });
  return {
    text,
    blocks: [
      section(`🧩 *${text}*\nIn \`${toSlackText(place, 150)}\`:\n${lines.join('\n')}`),
      section(next),
      {
        type: 'context',
        elements: [{ type: 'mrkdwn', text: `The shape that came: ${toSlackText(sample, 1000)}` }],
      },
    ],
  };
}
