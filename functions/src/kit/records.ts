import { z } from 'zod';
import type { RejectedRecord, SourceCall } from '../core/imports/source-call.ts';
import { findAbsentFields, toDrift } from './drift.ts';
import type { AnswerDrift } from './drift.ts';
import { describeIssues } from './issues.ts';

/** The records of a page as they came: they are parsed one by one, so that a broken one is alone. */
export const UnparsedRecords = z.array(z.unknown());

export interface MappedRecords {
  readonly calls: readonly SourceCall[];
  readonly rejected: readonly RejectedRecord[];
  /** How the page differs from what we rely on, to be told of. */
  readonly drifts: readonly AnswerDrift[];
}

/** Broken records of a page whose shapes are looked at: the others are like them, or come again. */
const maxDrifts = 5;

/** Maps the records of one page; a broken one is set aside with its reason, the rest goes on. */
export function mapRecords<TSchema extends z.ZodType>(options: {
  readonly records: readonly unknown[];
  /** Where they are in the answer: `recordings`. */
  readonly at: string;
  readonly schema: TSchema;
  readonly toSourceCall: (record: z.output<TSchema>) => SourceCall;
  /** The field that holds the id, for a broken record: `id` by default, `call.id` within another. */
  readonly idField?: string;
}): MappedRecords {
  const { records, at: place, schema } = options;
  const calls: SourceCall[] = [];
  const rejected: RejectedRecord[] = [];
  const drifts: AnswerDrift[] = [];
  for (const [index, record] of records.entries()) {
    const parsed = schema.safeParse(record);
    if (parsed.success) calls.push(options.toSourceCall(parsed.data));
    else {
      const { error } = parsed;
      rejected.push({
        sourceCallId: readId(record, options.idField ?? 'id'),
        reason: describeIssues(error, `${place}[${String(index)}]`),
      });
      if (drifts.length < maxDrifts) drifts.push(toDrift({ place, error, value: record }));
    }
  }
  const absent = rejected.length > 0 ? null : findAbsentFields({ place, schema, records });
  if (absent !== null) drifts.push(absent);
  return { calls, rejected, drifts };
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
