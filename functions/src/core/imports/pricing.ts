import { platforms, type Platform } from './import-context.ts';

/** What a customer pays for an import from a platform. */
export interface CallPrice {
  /** Calls of one import that cost nothing. */
  readonly freeCalls: number;
  readonly centsPerCall: number;
}

/** The price of every platform that has none of its own, and those that have. */
export interface PriceList {
  readonly standard: CallPrice;
  readonly byPlatform: Readonly<Partial<Record<Platform, CallPrice>>>;
}

/** A price applied to a number of calls; what follows from an unknown number is null. */
export interface PricedCalls {
  readonly freeCalls: number;
  readonly billableCalls: number | null;
  readonly centsPerCall: number;
  readonly totalCents: number | null;
}

/** The price of one call from a platform. */
export function toPrice({ byPlatform, standard }: PriceList, platform: Platform): CallPrice {
  return byPlatform[platform] ?? standard;
}

/** What so many calls cost, rounded up to the cent; of an unknown number only the price is known. */
export function priceCalls({ freeCalls, centsPerCall }: CallPrice, calls: number | null) {
  if (calls === null) return { freeCalls, billableCalls: null, centsPerCall, totalCents: null };
  const free = Math.min(freeCalls, calls);
  const billableCalls = calls - free;
  // Tenths of a cent are exact in no binary fraction: 3 calls at 0.1 are 0.3, not a cent more.
  const totalCents = Math.ceil(Number((billableCalls * centsPerCall).toFixed(6)));
  return { freeCalls: free, billableCalls, centsPerCall, totalCents } satisfies PricedCalls;
}

/**
 * Reads `*=500:2, manual=1000:0.5`: for each platform, or `*` for all others, the calls that are
 * free and the cents that each further one costs. @throws Error that quotes what it can't read
 */
export function parsePrices(text: string): PriceList {
  const byPlatform: Partial<Record<Platform, CallPrice>> = {};
  let standard: CallPrice | null = null;
  for (const entry of text.split(',')) {
    const [, name, free, cents] = /^\s*([\w*]+)=(\d+):(\d+(?:\.\d+)?)\s*$/.exec(entry) ?? [];
    const platform = platforms.find((known) => known === name);
    if (name !== '*' && !platform) throw new Error(`"${entry}" is not a price: write gong=500:2.`);
    const price = { freeCalls: Number(free), centsPerCall: Number(cents) };
    if (platform) byPlatform[platform] = price;
    else standard = price;
  }
  if (!standard) throw new Error(`"${text}" has no price for all other platforms: add *=500:2.`);
  return { standard, byPlatform };
}
