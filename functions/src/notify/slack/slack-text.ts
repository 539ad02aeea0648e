/** At most that many code points, the last one "…" where something was cut off. */
export function cutText(text: string, maxCodePoints: number): string {
  const codePoints = Array.from(text);
  if (codePoints.length <= maxCodePoints) return text;
  return `${codePoints.slice(0, maxCodePoints - 1).join('')}…`;
}

/**
 * A value of a user's or a platform's as Slack shows it: on one line, cut, and with the three
 * characters escaped that would otherwise ping a channel or make a link.
 * @see https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export function toSlackText(value: string, maxCodePoints: number): string {
  const line = value
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return cutText(line, maxCodePoints)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** A link with a label, or null for an address that is not one of the web. */
export function toSlackLink(url: string, label: string): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, href } = new URL(url);
  if ((protocol !== 'https:' && protocol !== 'http:') || href.length > 2000) return null;
  const address = href.replaceAll('&', '&amp;').replaceAll('|', '%7C').replaceAll('>', '%3E');
  return `<${address}|${toSlackText(label, 75)}>`;
}

/**
 * An instant in the reader's own time zone; UTC where it is not understood.
 * @see https://docs.slack.dev/messaging/formatting-message-text#date-formatting
 */
export function toSlackDate(instant: Date): string {
  const fallback = `${instant.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return `<!date^${Math.floor(instant.getTime() / 1000)}^{date_short_pretty} {time}|${fallback}>`;
}
