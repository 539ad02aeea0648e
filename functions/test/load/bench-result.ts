/** What a benchmark found out. */
export interface BenchResult {
  readonly name: string;
  readonly rows: readonly BenchRow[];
}

export interface BenchRow {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** In words; null: a figure to look at, not to judge by. */
  readonly target: string | null;
  /** Null where there is no target. */
  readonly isMet: boolean | null;
}

/** A figure without a target. */
export function figure(metric: string, value: number, unit: string): BenchRow {
  return { metric, value, unit, target: null, isMet: null };
}

/** A figure that shall be `most` or less. */
export function atMost(most: number, row: Pick<BenchRow, 'metric' | 'value' | 'unit'>): BenchRow {
  return { ...row, target: `at most ${most} ${row.unit}`, isMet: row.value <= most };
}

/** A figure that shall be below `limit`. */
export function below(limit: number, row: Pick<BenchRow, 'metric' | 'value' | 'unit'>): BenchRow {
  return { ...row, target: `under ${limit} ${row.unit}`, isMet: row.value < limit };
}
