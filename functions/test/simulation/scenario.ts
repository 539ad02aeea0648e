import type { Platform } from '../../src/core/imports/import-context.ts';
import { defaultSettings, type EngineSettings } from '../../src/core/settings.ts';
import type { Chance } from './chance.ts';
import type { SimulatedPlatform } from './platform-account.ts';

/** A request for an import that support will make. */
export interface PlannedImport {
  /** Names the request on its job, also where the answer was lost. */
  readonly requestedBy: string;
  readonly customerId: string;
  readonly platform: Platform;
  /** An index of `accounts`; null for uploads. */
  readonly account: number | null;
  readonly schedule: 'now' | 'nightly' | 'auto';
  readonly afterMs: number;
}

export interface PlannedAccount {
  readonly platform: Platform;
  readonly calls: number;
  readonly pageSize: number;
  readonly sandboxFaults: readonly string[];
  /** Its newest calls ended just now: their transcripts may still be in the making. */
  readonly isFresh: boolean;
  /** How long an access token works; null: the account has a key. */
  readonly tokenLifeMs: number | null;
  /** When the customer revokes their key or tokens, after the start; null: never. */
  readonly revokeAfterMs: number | null;
  /** Support keeps a customer's credentials for all imports, rather than to send them with each. */
  readonly isKept: boolean;
  /** Calls deleted at the platform, and when, after the start. */
  readonly deletions: readonly { readonly share: number; readonly afterMs: number }[];
}

/** What a seed is about: who imports what from where, and in what surroundings. */
export interface Scenario {
  readonly startMs: number;
  readonly instances: number;
  readonly settings: EngineSettings;
  readonly accounts: readonly PlannedAccount[];
  readonly imports: readonly PlannedImport[];
  /** Files of the one customer who uploads; 0: nobody does. */
  readonly uploads: number;
  readonly isStaffBusy: boolean;
}

/** `sandbox-customer` is whose uploads the manual platform's sandbox has. */
export const uploader = 'sandbox-customer';
const noPlatform: SimulatedPlatform = { platform: 'manual', takesKey: false, takesTokens: false };
const minuteMs = 60_000;
const noonMs = Date.UTC(2025, 10, 20, 12, 0, 0);

/** Draws a scenario of 20 to 200 calls, in accounts at some of the platforms. */
export function planScenario(chance: Chance, platforms: readonly SimulatedPlatform[]): Scenario {
  const customers = Array.from(
    { length: chance.pick([1, 1, 2, 2, 3, 4]) },
    (_, index) => `customer-${index + 1}`,
  );
  const uploads = chance.isLucky(0.15) ? chance.between(3, 12) : 0;
  const calls = chance.between(20, chance.pick([22, 25, 30, 40, 60, 200])) - uploads;
  const accounts = planAccounts(chance, { customers, calls, platforms });
  const hasNights = chance.isLucky(0.15);
  // 20:00 to 23:30 in New York, when the nightly queue is open, or any time.
  const startMs =
    noonMs + (hasNights ? 13 * 60 + chance.between(0, 210) : chance.between(0, 1_439)) * minuteMs;
  const schedules = hasNights
    ? (['now', 'nightly', 'nightly'] as const)
    : (['now', 'auto'] as const);
  const imports = customers.flatMap((customerId, index) =>
    Array.from({ length: chance.pick([1, 1, 1, 1, 2, 3]) }, (_, request) => {
      // Mostly each customer has an account of its own; some come for another's as well.
      const account = request > 0 && chance.isLucky(0.3) ? 0 : index % accounts.length;
      return {
        requestedBy: `support-${String(index)}-${String(request)}@example.com`,
        ...{ customerId, account, platform: accounts[account]?.platform ?? 'manual' },
        schedule: chance.pick<PlannedImport['schedule']>(schedules),
        afterMs: chance.between(0, 4 * minuteMs),
      };
    }),
  );
  const manual = {
    requestedBy: 'support-uploads@example.com',
    customerId: uploader,
    platform: 'manual' as const,
    account: null,
    schedule: 'now' as const,
  };
  const scenario = {
    startMs,
    instances: chance.between(1, 3),
    settings: planSettings(chance),
    imports:
      uploads > 0 ? [...imports, { ...manual, afterMs: chance.between(0, minuteMs) }] : imports,
    uploads,
    isStaffBusy: chance.isLucky(0.5),
  };
  // Drawn last: what a seed was about before, it still is.
  const kept = accounts.map((account) => ({ ...account, isKept: chance.isLucky(0.3) }));
  return { ...scenario, accounts: kept };
}

function planAccounts(
  chance: Chance,
  options: {
    readonly customers: readonly string[];
    readonly calls: number;
    readonly platforms: readonly SimulatedPlatform[];
  },
): readonly Omit<PlannedAccount, 'isKept'>[] {
  const { customers, calls, platforms } = options;
  const count = Math.max(1, customers.length - (chance.isLucky(0.15) ? 1 : 0));
  return Array.from({ length: count }, (_, index) => ({
    ...planAccess(chance, platforms),
    calls: Math.floor(calls / count) + (index < calls % count ? 1 : 0),
    pageSize: chance.pick([5, 10, 25, 50]),
    sandboxFaults: planSandboxFaults(chance),
    isFresh: chance.isLucky(0.05),
    revokeAfterMs: chance.isLucky(0.12) ? chance.between(0, 6 * minuteMs) : null,
    deletions: Array.from({ length: chance.pick([0, 0, 0, 1, 4]) }, () => ({
      share: chance.next(),
      afterMs: chance.between(0, 4 * minuteMs),
    })),
  }));
}

/** Tokens where there are no keys, and at times where there are. */
function planAccess(
  chance: Chance,
  platforms: readonly SimulatedPlatform[],
): Pick<PlannedAccount, 'platform' | 'tokenLifeMs'> {
  const at = chance.between(0, platforms.length - 1);
  const { platform, takesKey, takesTokens } = platforms[at] ?? noPlatform;
  const hasTokens = takesTokens && (!takesKey || chance.isLucky(0.5));
  // Shorter than any platform's: an import of minutes is to renew them several times.
  const tokenLifeMs = hasTokens ? chance.pick([2.5, 3, 4, 6, 30]) * minuteMs : null;
  return { platform, tokenLifeMs };
}

function planSandboxFaults(chance: Chance): readonly string[] {
  const wanted = [
    chance.isLucky(0.3) ? ['no-transcripts:4?'] : [],
    chance.isLucky(0.2) ? ['late-transcripts:1?'] : [],
    chance.isLucky(0.3) ? ['expired-links?'] : [],
  ];
  return wanted.flat();
}

/** Windows and limits small enough that they matter to a hundred calls. */
function planSettings(chance: Chance): EngineSettings {
  return {
    ...defaultSettings,
    windowCalls: chance.pick([8, 30, 1_000]),
    highWaterCalls: chance.pick([10, 40, 2_000]),
    smallJobCalls: 500,
    nightlyCalls: chance.pick([1_000, 5_000]),
  };
}
