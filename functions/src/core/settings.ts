import type { PriceList } from './imports/pricing.ts';

/** What an operator may tune; `config.ts` reads it, the embedded runtime shortens the waits. */
export interface EngineSettings {
  /** How long a holder owns a job or a call without renewing; a crash costs at most this long. */
  readonly leaseMs: number;
  /** Calls of one job in the queue or in work at once. */
  readonly windowCalls: number;
  /** Listing pauses while this many listed calls wait for their turn. */
  readonly highWaterCalls: number;
  /** One run of the reconcile loop ends after this long and goes on in a new task. */
  readonly sliceMs: number;
  /** Counted failures of one call before it is left `failed`. */
  readonly maxAttempts: number;
  /** How often a call may answer "not ready yet" before it is left `failed`. */
  readonly maxNotReady: number;
  /** First backoff between attempts; doubles each time, with full jitter. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** How often a job looks for calls whose lease or appointment has passed. */
  readonly overdueCheckMs: number;
  /** A dispatched call that nobody claimed for this long is dispatched again. */
  readonly redispatchMs: number;
  /** Jobs of `schedule: 'auto'` up to this size start at once. */
  readonly smallJobCalls: number;
  /** Calls that nightly jobs may start in one night, over all customers. */
  readonly nightlyCalls: number;
  readonly night: NightWindow;
  /** A recording larger than this is refused. */
  readonly maxMediaBytes: number;
  /** BCP 47 tags tried when a recording has to be transcribed. */
  readonly languageCodes: readonly string[];
  /** The estimate at creation is null when the platform can't say within this time. */
  readonly countTimeoutMs: number;
  /** The part of a platform's daily quota that is left to the customer: 0 to 1. */
  readonly customerQuotaShare: number;
  /** What customers pay: shown by previews, charged nowhere. */
  readonly prices: PriceList;
  /** Requests to the admin API that one caller may make in a minute, on one instance. */
  readonly callerRequestsPerMinute: number;
  /** One message of progress per job at most this often. */
  readonly notifyIntervalMs: number;
}

/** Local hours, `startHour` (inclusive) to `endHour` (exclusive) of the next day. */
export interface NightWindow {
  readonly timeZone: string;
  readonly startHour: number;
  readonly endHour: number;
}

export const defaultSettings: EngineSettings = {
  leaseMs: 60_000,
  windowCalls: 1_000,
  highWaterCalls: 2_000,
  sliceMs: 30_000,
  maxAttempts: 5,
  maxNotReady: 12,
  backoffMs: 2_000,
  maxBackoffMs: 600_000,
  overdueCheckMs: 15_000,
  redispatchMs: 300_000,
  smallJobCalls: 500,
  nightlyCalls: 5_000,
  night: { timeZone: 'America/New_York', startHour: 20, endHour: 8 },
  maxMediaBytes: 20 * 1024 ** 3,
  languageCodes: ['en-US'],
  countTimeoutMs: 5_000,
  customerQuotaShare: 0.2,
  prices: { standard: { freeCalls: 500, centsPerCall: 2 }, byPlatform: {} },
  callerRequestsPerMinute: 600,
  notifyIntervalMs: 15_000,
};
