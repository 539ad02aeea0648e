const maxRetryAfterMs = 24 * 60 * 60 * 1000;
/** A number this large is no delay but an epoch in seconds, which some gateways send. */
const smallestEpochSeconds = 1_000_000_000;

/**
 * Milliseconds to wait by a `Retry-After` header: delta seconds, an HTTP date or an epoch; null when
 * absent or nonsense, never negative, at most a day.
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function parseRetryAfter(value: string | null, now: Date): number | null {
  const text = value?.trim() ?? '';
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const seconds = Number(text);
    const waitMs =
      seconds >= smallestEpochSeconds ? seconds * 1000 - now.getTime() : seconds * 1000;
    return clamp(waitMs);
  }
  // `Date.parse` takes "-5" and "soon 1" for dates: a date of HTTP starts with a weekday, or is ISO.
  if (!/^(?:[a-z]{3,9},|\d{4}-\d{2}-\d{2}T)/i.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : clamp(at - now.getTime());
}

function clamp(waitMs: number): number {
  return Math.min(Math.max(Math.ceil(waitMs), 0), maxRetryAfterMs);
}
