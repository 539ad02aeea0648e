import { z } from 'zod';
import type { RejectedRecord } from '../core/imports/source-call.ts';
import { findAbsentFields, toDrift } from './drift.ts';
import type { AnswerDrift } from './drift.ts';
import { describeIssues } from './issues.ts';
import type { KnownCall } from './known-call.ts';

/** The records of a page as they came: they are parsed one by one, so that a broken one is alone. */
export const UnparsedRecords = z.array(z.unknown());

export interface MappedRecords {
  readonly calls: readonly KnownCall[];
  readonly rejected: readonly RejectedRecord[];
  /** How the page differs from what we rely on, to be told of. */
  readonly drifts: readonly AnswerDrift[];
}

/** Broken records of a page whose shapes are looked at: the others are like them, or come again. */
const maxDrifts = 5;

interface Mapping<TSchema extends z.ZodType> {
  /** Where the records are in the answer: `recordings`. */
  readonly at: string;
  readonly schema: TSchema;
  readonly toCall: (record: z.output<TSchema>) => KnownCall;
  /** The field that holds the id, for a broken record: `id` by default, `call.id` within another. */
  readonly idField?: string;
}

/**
 * Makes the function that maps the records of one page; it sets a broken one aside with its reason,
 * and the rest goes on.
 */
export function recordMapper<TSchema extends z.ZodType>({
  at: place,
  schema,
  toCall,
  idField = 'id',
}: Mapping<TSchema>): (records: readonly unknown[]) => MappedRecords {
  return (records) => {
    const calls: KnownCall[] = [];
    const rejected: RejectedRecord[] = [];
    const drifts: AnswerDrift[] = [];
    for (const [index, record] of records.entries()) {
      const parsed = schema.safeParse(record);
      if (parsed.success) calls.push(toCall(parsed.data));
      else {
        const { error } = parsed;
        const reason = describeIssues(error, `${place}[${String(index)}]`);
        rejected.push({ sourceCallId: readId(record, idField), reason });
        if (drifts.length < maxDrifts) drifts.push(toDrift({ place, error, value: record }));
      }
    }
    const absent = rejected.length > 0 ? null : findAbsentFields({ place, schema, records });
    if (absent !== null) drifts.push(absent);
    return { calls, rejected, drifts };
  };
}

function readId(record: unknown, field: string): string | null {
  const id = field
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined,
      record,
    );
  return (typeof id === 'string' && id !== '') || typeof id === 'number' ? String(id) : null;
}
