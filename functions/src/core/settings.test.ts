import { nightHours } from './night-window.ts';
import { defaultSettings } from './settings.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;

describe('defaultSettings', () => {
  it('keep what the specification promises', () => {
    expect(defaultSettings).toMatchObject({
      maxAttempts: 5,
      smallJobCalls: 500,
      nightlyCalls: 5_000,
      night: { startHour: 20, endHour: 8 },
      notifyIntervalMs: 15 * secondMs,
    });
    expect(nightHours(defaultSettings.night)).toBe(12);
  });

  it('name a time zone that exists', () => {
    const { timeZone } = defaultSettings.night;

    expect(new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone).toBe(timeZone);
  });

  it('end a run of the loop and its lease well within the minutes that a task function has', () => {
    expect(defaultSettings.sliceMs + defaultSettings.leaseMs).toBeLessThan(5 * minuteMs);
  });

  it('dispatch a call again only after every lease on it would have run out', () => {
    expect(defaultSettings.redispatchMs).toBeGreaterThan(2 * defaultSettings.leaseMs);
  });

  it('list enough ahead to keep the window full', () => {
    expect(defaultSettings.highWaterCalls).toBeGreaterThanOrEqual(defaultSettings.windowCalls);
  });

  it('let backoff grow', () => {
    expect(defaultSettings.maxBackoffMs).toBeGreaterThan(defaultSettings.backoffMs);
  });

  it('take a recording of 2 GB', () => {
    expect(defaultSettings.maxMediaBytes).toBeGreaterThan(2 * 1024 ** 3);
  });
});
