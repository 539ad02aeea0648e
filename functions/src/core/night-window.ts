import type { NightWindow } from './settings.ts';

const hourMs = 3_600_000;
/** Every time zone is a multiple of this off UTC. */
const stepMs = 15 * 60_000;

/** True between `startHour` and `endHour` local time; the window may span midnight, equal hours are the whole day. */
export function isNight(now: Date, { timeZone, startHour, endHour }: NightWindow): boolean {
  const hour = toLocalHour(now, timeZone);
  return startHour < endHour
    ? hour >= startHour && hour < endHour
    : hour >= startHour || hour < endHour;
}

/** Hours from `startHour` to `endHour`. */
export function nightHours({ startHour, endHour }: NightWindow): number {
  return (endHour - startHour + 24) % 24 || 24;
}

/** When the next night begins, not counting one that has begun by `after`. */
export function nextNight(after: Date, { timeZone, startHour }: NightWindow): Date {
  let step = Math.floor(after.getTime() / stepMs);
  const isIn = (at: number) => toLocalHour(new Date(at * stepMs), timeZone) === startHour;
  let wasStartHour = isIn(step);
  for (;;) {
    step += 1;
    const isStartHour = isIn(step);
    if (isStartHour && !wasStartHour) return new Date(step * stepMs);
    wasStartHour = isStartHour;
  }
}

/** The full hours, from `from` on, that still lie in the night that it lies in: when calls are given out. */
export function hoursLeft(from: Date, night: NightWindow): readonly Date[] {
  const hours: Date[] = [];
  if (!isNight(from, night)) return hours;
  let next = new Date(Math.ceil(from.getTime() / hourMs) * hourMs);
  while (isNight(next, night) && hours.length < nightHours(night)) {
    hours.push(next);
    next = new Date(next.getTime() + hourMs);
  }
  return hours;
}

/** To make one costs a hundred times what it costs to ask it, and each step of a job asks. */
const formats = new Map<string, Intl.DateTimeFormat>();

function toLocalHour(at: Date, timeZone: string): number {
  const known = formats.get(timeZone);
  const format =
    known ?? new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' });
  if (!known) formats.set(timeZone, format);
  return Number(format.format(at));
}
