import type { Chance } from './chance.ts';

export type Port = 'firestore' | 'platform' | 'objects' | 'tasks' | 'speech' | 'kms' | 'slack';

export type StepFault =
  /** The caller is told so, and nothing has happened. */
  | { readonly type: 'refuse' }
  /** The caller is told the same, and it has happened. */
  | { readonly type: 'lose_answer' }
  | { readonly type: 'crash'; readonly side: 'before' | 'after' }
  /** The whole instance stands still, its timers too. */
  | { readonly type: 'freeze'; readonly side: 'before' | 'after'; readonly ms: number }
  | { readonly type: 'slow'; readonly ms: number };

/** What goes wrong in one world, and how often. Rates are shares of steps, from 0 to 1. */
export interface FaultPlan {
  readonly endsAtMs: number;
  readonly refuseRate: number;
  readonly loseAnswerRate: number;
  readonly crashRate: number;
  readonly freezeRate: number;
  readonly slowRate: number;
  readonly outages: readonly {
    readonly port: Port;
    readonly fromMs: number;
    readonly untilMs: number;
  }[];
  readonly queue: {
    readonly duplicateRate: number;
    readonly lateRate: number;
    readonly maxLateMs: number;
    readonly loseTaskRate: number;
    readonly dropAckRate: number;
  };
  readonly platform: {
    readonly repeatPageRate: number;
    readonly repeatCursorRate: number;
    readonly expireCursorRate: number;
    readonly truncateRate: number;
    readonly lengthenRate: number;
    readonly serverErrorRate: number;
    readonly limitRate: number;
    /** Of the answers of token endpoints, which nobody gets a second time. */
    readonly loseTokensRate: number;
  };
  draw(port: Port, nowMs: number): StepFault | null;
}

const minuteMs = 60_000;

/** Plans a world's faults: some worlds are calm, some have one kind of fault, some have all of them. */
export function planFaults(chance: Chance, startMs: number): FaultPlan {
  const endsAtMs = startMs + chance.between(1, 6) * minuteMs;
  const some = (rates: readonly [number, ...number[]]) => chance.pick([0, ...rates]);
  const rates = {
    refuseRate: some([0.002, 0.01, 0.03]),
    loseAnswerRate: some([0.002, 0.01, 0.03]),
    crashRate: some([0.0005, 0.002, 0.005]),
    freezeRate: some([0.0005, 0.002]),
    slowRate: some([0.005, 0.02]),
  };
  const outages = Array.from({ length: chance.pick([0, 0, 1, 3]) }, () => {
    const fromMs = startMs + Math.floor(chance.next() * (endsAtMs - startMs));
    const port = chance.pick<Port>([
      'firestore',
      'firestore',
      'platform',
      'objects',
      'tasks',
      'speech',
    ]);
    return { port, fromMs, untilMs: Math.min(fromMs + chance.between(5, 180) * 1_000, endsAtMs) };
  });
  const queue = {
    duplicateRate: some([0.02, 0.2, 0.5]),
    lateRate: some([0.02, 0.2]),
    maxLateMs: chance.pick([5_000, 90_000, 400_000]),
    loseTaskRate: some([0.005, 0.02, 0.1]),
    dropAckRate: some([0.01, 0.05]),
  };
  const platform = {
    repeatPageRate: some([0.05]),
    repeatCursorRate: some([0, 0.01]),
    expireCursorRate: some([0, 0.02]),
    truncateRate: some([0.02, 0.1]),
    lengthenRate: some([0.01]),
    serverErrorRate: some([0.01, 0.05]),
    limitRate: some([0.01, 0.2]),
    loseTokensRate: some([0.1, 0.3]),
  };
  return {
    ...{ ...rates, endsAtMs, outages, queue, platform },
    draw: (port, nowMs) => {
      if (nowMs >= endsAtMs) return null;
      if (isOut(outages, port, nowMs))
        return { type: chance.isLucky(0.5) ? 'refuse' : 'lose_answer' };
      return drawStep(chance, rates);
    },
  };
}

function isOut(outages: FaultPlan['outages'], port: Port, nowMs: number): boolean {
  return outages.some((one) => one.port === port && one.fromMs <= nowMs && nowMs < one.untilMs);
}

type StepRates = Pick<
  FaultPlan,
  'refuseRate' | 'loseAnswerRate' | 'crashRate' | 'freezeRate' | 'slowRate'
>;

function drawStep(chance: Chance, rates: StepRates): StepFault | null {
  let draw = chance.next();
  const isNext = (rate: number): boolean => {
    const isHit = draw < rate;
    draw -= rate;
    return isHit;
  };
  if (isNext(rates.refuseRate)) return { type: 'refuse' };
  if (isNext(rates.loseAnswerRate)) return { type: 'lose_answer' };
  const side = chance.isLucky(0.5) ? 'before' : 'after';
  if (isNext(rates.crashRate)) return { type: 'crash', side };
  if (isNext(rates.freezeRate)) return { type: 'freeze', side, ms: chance.between(1, 200) * 1_000 };
  if (isNext(rates.slowRate)) return { type: 'slow', ms: chance.between(100, 45_000) };
  return null;
}
