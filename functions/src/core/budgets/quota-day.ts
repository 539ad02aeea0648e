const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Every time zone is a multiple of this off UTC. */
const stepMs = 15 * minuteMs;
/** A day in which clocks are set back is an hour longer. */
const longestDayMs = dayMs + 2 * hourMs;

/** The calendar day `YYYY-MM-DD` of an instant where the platform counts. */
export function toQuotaDay(at: Date, timeZone: string): string {
  if (timeZone === 'UTC') return at.toISOString().slice(0, 10);
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`;
}

/** When the quota's next day begins. */
export function nextQuotaDay(at: Date, timeZone: string): Date {
  const atMs = at.getTime();
  if (timeZone === 'UTC') return new Date((Math.floor(atMs / dayMs) + 1) * dayMs);
  const today = toQuotaDay(at, timeZone);
  const isToday = (step: number) => toQuotaDay(new Date(step * stepMs), timeZone) === today;
  let first = Math.floor(atMs / stepMs);
  let last = Math.ceil((atMs + longestDayMs) / stepMs);
  // `first` is today and `last` is not: what lies between is halved until they meet.
  while (last - first > 1) {
    const middle = Math.floor((first + last) / 2);
    if (isToday(middle)) first = middle;
    else last = middle;
  }
  return new Date(last * stepMs);
}
