export interface CronSchedule {
  /** Five fields. */
  readonly pattern: string;
  /** At least so long between two runs, where the pattern alone can't say it. */
  readonly intervalSeconds: number | null;
}

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/**
 * Understands what a schedule of Firebase may be: unix cron, or the App Engine phrases `every 5
 * minutes`, `every 2 hours`, `every day 20:00`, `every mon,thu 09:30`.
 * @throws Error for any other
 * @see https://docs.cloud.google.com/appengine/docs/standard/scheduling-jobs-with-cron-yaml#formatting_the_schedule
 */
export function parseSchedule(schedule: string): CronSchedule {
  const text = schedule.trim().toLowerCase().replace(/\s+/g, ' ');
  if (/^[\d*]\S*( \S+){4}$/.test(text)) return { pattern: text, intervalSeconds: null };
  const interval = /^every (\d+ )?(minute|min|hour)s?$/.exec(text);
  if (interval) return everyInterval(Number(interval[1] ?? 1), interval[2] === 'hour');
  const daily = /^every ([a-z,]+) (\d{1,2}):(\d{2})$/.exec(text);
  const days = daily?.[1] === undefined ? null : toDays(daily[1]);
  if (daily && days !== null && Number(daily[2]) < 24 && Number(daily[3]) < 60) {
    const pattern = `${Number(daily[3])} ${Number(daily[2])} * * ${days}`;
    return { pattern, intervalSeconds: null };
  }
  throw new Error(`The schedule "${schedule}" is not one that can be hosted.`);
}

function everyInterval(count: number, isHours: boolean): CronSchedule {
  const unitsInPeriod = isHours ? 24 : 60;
  if (count > 0 && count <= unitsInPeriod && unitsInPeriod % count === 0) {
    const pattern = isHours ? `0 */${count} * * *` : `*/${count} * * * *`;
    return { pattern, intervalSeconds: null };
  }
  if (count < 1) throw new Error(`A schedule can't run every ${count} units.`);
  const intervalSeconds = count * (isHours ? 3600 : 60);
  return { pattern: isHours ? '0 * * * *' : '* * * * *', intervalSeconds };
}

function toDays(text: string): string | null {
  if (text === 'day') return '*';
  const days = text.split(',').map((day) => weekdays.indexOf(day.slice(0, 3)));
  return days.includes(-1) ? null : days.join(',');
}
