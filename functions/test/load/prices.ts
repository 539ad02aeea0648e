/** What a thousand or a million of something costs, in US dollars. */
export interface Price {
  readonly dollars: number;
  readonly per: number;
  /** Where it was read; prices of several are second-hand, and differ between regions. */
  readonly source: string;
  readonly isVerified: boolean;
}

/** What an import is charged for. */
export type Charge =
  | 'firestoreReads'
  | 'firestoreWrites'
  | 'firestoreDeletes'
  | 'taskOperations'
  | 'storageWrites'
  | 'storageReads'
  | 'keyOperations'
  | 'speechMinutes';

export type Prices = Readonly<Record<Charge, Price>>;

const olderCopy = 'a copy of an older page of firebase.google.com, multi-region US';
const memory = 'not read anywhere: put your own in its place';

/**
 * The defaults; `--prices <file>` replaces any of them, so that the bill of a project's own region
 * and contract can be told. Free allowances are not counted: they are the project's, not an import's.
 */
export const defaultPrices: Prices = {
  firestoreReads: { dollars: 0.06, per: 100_000, source: olderCopy, isVerified: false },
  firestoreWrites: { dollars: 0.18, per: 100_000, source: olderCopy, isVerified: false },
  firestoreDeletes: { dollars: 0.02, per: 100_000, source: olderCopy, isVerified: false },
  taskOperations: {
    dollars: 0.4,
    per: 1_000_000,
    source: 'https://cloud.google.com/tasks/pricing',
    isVerified: true,
  },
  storageWrites: { dollars: 0.05, per: 10_000, source: memory, isVerified: false },
  storageReads: { dollars: 0.004, per: 10_000, source: memory, isVerified: false },
  keyOperations: { dollars: 0.03, per: 10_000, source: memory, isVerified: false },
  speechMinutes: { dollars: 0.016, per: 1, source: memory, isVerified: false },
};

/** What so many of each come to, in US dollars. */
export function toCost(prices: Prices, charge: Charge, count: number): number {
  const { dollars, per } = prices[charge];
  return (count * dollars) / per;
}
