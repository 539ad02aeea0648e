import type { z } from 'zod';
import type { SourceCall } from '../core/imports/source-call.ts';

/** What a context notes of a call when it is listed, as it fits the call's `hint`. */
export interface Hint<TNote> {
  write(note: TNote): string;
  /** Null where there is no note that we can read: it is as good as none, for hints may be missing. */
  read(call: Pick<SourceCall, 'hint'>): TNote | null;
}

/** Makes a typed hint of a schema, whose values JSON can hold. */
export function defineHint<TSchema extends z.ZodType>(schema: TSchema): Hint<z.output<TSchema>> {
  return {
    write: (note) => JSON.stringify(note),
    read: ({ hint }) => {
      if (typeof hint !== 'string') return null;
      try {
        return schema.safeParse(JSON.parse(hint)).data ?? null;
      } catch {
        return null;
      }
    },
  };
}
