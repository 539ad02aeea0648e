import type { ImportPlan } from './import-plan.ts';
import type { PricedCalls } from './pricing.ts';

/** What a summary is made of; null is what nobody can say beforehand. */
export interface PreviewFigures {
  readonly calls: number | null;
  readonly plan: ImportPlan | null;
  /** Null where the platform has no daily quota. */
  readonly requestsPerDay: number | null;
  readonly price: PricedCalls;
}

/** A preview in one sentence, for people; times are those of the nights' time zone. */
export function describePreview(
  preview: PreviewFigures,
  where: { readonly displayName: string; readonly timeZone: string; readonly now: Date },
): string {
  const { calls, plan, requestsPerDay, price } = preview;
  if (calls === null || !plan) {
    const { displayName } = where;
    return `${displayName} did not say how many calls there are; ${describePrice(price)}`;
  }
  const parts = [
    count(calls, 'call'),
    count(plan.requests, 'request'),
    describeNights(plan),
    describeCompletion(plan, where),
    describeQuota(plan, requestsPerDay),
  ];
  return `${parts.filter((part) => part !== null).join(', ')}; ${describePrice(price)}`;
}

function describeNights({ nights }: ImportPlan): string | null {
  if (!nights) return null;
  const { fewest, most, callsPerNight } = nights;
  const of = `of ${format(callsPerNight)}`;
  return fewest === most ? `${count(fewest, 'night')} ${of}` : `${fewest} to ${most} nights ${of}`;
}

function describeCompletion(
  { completion }: ImportPlan,
  { timeZone, now }: { readonly timeZone: string; readonly now: Date },
): string {
  if (!completion) return 'never done within our share of the daily quota';
  const { earliest, latest } = completion;
  const [day, time] = toDayAndTime(earliest, { timeZone, now });
  const [lastDay, lastTime] = toDayAndTime(latest, { timeZone, now });
  const zone = toZoneName(latest, timeZone);
  if (day === lastDay && time === lastTime) return `done about ${day} ${time} ${zone}`;
  const end = day === lastDay ? lastTime : `${lastDay} ${lastTime}`;
  return `done between ${day} ${time} and ${end} ${zone}`;
}

const weekMs = 6 * 86_400_000;

/** `Tue` within six days, `Tue 9 Dec` later, `Tue 9 Dec 2026` in another year. */
function toDayAndTime(
  at: Date,
  { timeZone, now }: { readonly timeZone: string; readonly now: Date },
): readonly [string, string] {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { timeZone, ...options }).format(at);
  const time = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const weekday = format({ weekday: 'short' });
  if (at.getTime() - now.getTime() < weekMs) return [weekday, time];
  const isSameYear = at.getUTCFullYear() === now.getUTCFullYear();
  const date = format({
    day: 'numeric',
    month: 'short',
    ...(!isSameYear && { year: 'numeric' }),
  });
  return [`${weekday} ${date}`, time];
}

function toZoneName(at: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    timeZoneName: 'short',
  }).formatToParts(at);
  return parts.flatMap(({ type, value }) => (type === 'timeZoneName' ? value : [])).join('');
}

function describeQuota({ quotaShare }: ImportPlan, requestsPerDay: number | null): string | null {
  if (quotaShare === null || requestsPerDay === null) return null;
  const percent = Math.ceil(Number((quotaShare * 100).toFixed(6)));
  return `at most ${percent} % of a daily quota of ${format(requestsPerDay)} requests`;
}

function describePrice(price: PricedCalls): string {
  const { freeCalls, billableCalls, centsPerCall, totalCents } = price;
  const each = count(centsPerCall, 'cent');
  if (billableCalls === null || totalCents === null) {
    return `${format(freeCalls)} are free, each further one costs ${each}`;
  }
  const total = (totalCents / 100).toLocaleString('en-US', {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });
  return `${format(freeCalls)} free, ${format(billableCalls)} billable at ${each}: ${total}`;
}

function count(value: number, noun: string): string {
  return `${format(value)} ${noun}${value === 1 ? '' : 's'}`;
}

function format(value: number): string {
  return value.toLocaleString('en-US');
}
