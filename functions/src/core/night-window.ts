import type { NightWindow } from './settings.ts';

/** True between `startHour` and `endHour` local time; the window may span midnight, equal hours are the whole day. */
export function isNight(now: Date, { timeZone, startHour, endHour }: NightWindow): boolean {
  const hour = Number(
    new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' }).format(now),
  );
  return startHour < endHour
    ? hour >= startHour && hour < endHour
    : hour >= startHour || hour < endHour;
}

/** Hours from `startHour` to `endHour`. */
export function nightHours({ startHour, endHour }: NightWindow): number {
  return (endHour - startHour + 24) % 24 || 24;
}
