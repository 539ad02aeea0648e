import { FieldValue } from 'firebase-admin/firestore';
import { toTotal, type ImportedCall } from '../../core/imports/imported-call.ts';
import { CallTotals } from '../../core/imports/import-job.ts';
import type { Collections } from './collections.ts';
import type { Writes } from './documents.ts';

/** Firestore sustains about one write a second per document: a job's counters are spread over these. */
const shardCount = 8;

const totalNames = Object.keys(CallTotals.shape) as readonly (keyof CallTotals)[]; // the schema's own keys

/** The difference that a call's change makes to its job's counters. */
export type TotalsDelta = ReadonlyMap<keyof CallTotals, number>;

/**
 * Compares calls before and after. A call that comes from another job counts here from zero: that
 * job's own numbers stay what they were when it ended.
 */
export function toTotalsDelta(
  changes: readonly { readonly before: ImportedCall | null; readonly after: ImportedCall }[],
): TotalsDelta {
  const delta = new Map<keyof CallTotals, number>();
  const add = (name: keyof CallTotals | null, by: number) => {
    if (name) delta.set(name, (delta.get(name) ?? 0) + by);
  };
  for (const { before, after } of changes) {
    if (before && before.jobId === after.jobId) add(toTotal(before), -1);
    add(toTotal(after), 1);
  }
  return new Map([...delta].filter(([, by]) => by !== 0));
}

/** Moves one shard inside the commit that moves the calls: a repeat cannot count twice. */
export function moveTotals(
  writes: Pick<Writes, 'set'>,
  collections: Collections,
  change: { readonly jobId: string; readonly shardKey: string; readonly delta: TotalsDelta },
): void {
  if (change.delta.size === 0) return;
  const increments = [...change.delta].map(([name, by]): [string, unknown] => [
    name,
    FieldValue.increment(by),
  ]);
  const shard = toShard(change.shardKey);
  const reference = collections.counters(change.jobId).doc(`shard-${shard}`);
  writes.set(reference, Object.fromEntries<unknown>(increments), { merge: true });
}

/** The sum over the job's shards; a shard that nothing was counted in does not exist. */
export async function sumTotals(collections: Collections, jobId: string): Promise<CallTotals> {
  const { docs } = await collections.counters(jobId).get();
  const sums = totalNames.map((name) => [
    name,
    docs.reduce((sum, doc) => sum + Number(doc.get(name) ?? 0), 0),
  ]);
  return CallTotals.parse(Object.fromEntries(sums));
}

function toShard(key: string): number {
  let hash = 0;
  for (let index = 0; index < key.length; index += 1) {
    hash = (hash * 31 + key.charCodeAt(index)) >>> 0;
  }
  return hash % shardCount;
}
