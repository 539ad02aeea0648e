import type { z } from 'zod';
import type { RejectedRecord, SourceCall } from '../core/imports/source-call.ts';
import { describeIssues } from './issues.ts';

export interface MappedRecords {
  readonly calls: readonly SourceCall[];
  readonly rejected: readonly RejectedRecord[];
}

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
  const calls: SourceCall[] = [];
  const rejected: RejectedRecord[] = [];
  for (const [index, record] of options.records.entries()) {
    const parsed = options.schema.safeParse(record);
    if (parsed.success) calls.push(options.toSourceCall(parsed.data));
    else {
      rejected.push({
        sourceCallId: readId(record, options.idField ?? 'id'),
        reason: describeIssues(parsed.error, `${options.at}[${String(index)}]`),
      });
    }
  }
  return { calls, rejected };
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
