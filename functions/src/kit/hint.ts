import type { z } from 'zod';
import type { SourceCall } from '../core/imports/source-call.ts';

/** What a context notes of a call when it is listed, as it fits the call's `hint`. */
export interface Hint<TNote> {
  /** The hint of a new call, or that of `call` with changes. */
  write(note: Partial<TNote>, call?: Pick<SourceCall, 'hint'>): string;
  /** The defaults where there is no note that we can read: hints may be missing. */
  read(call: Pick<SourceCall, 'hint'>): TNote;
}

/** Makes a typed hint of a schema whose values JSON can hold, and whose every field has a default. */
export function defineHint<TSchema extends z.ZodObject>(schema: TSchema): Hint<z.output<TSchema>> {
  const read: Hint<z.output<TSchema>>['read'] = ({ hint }) => {
    try {
      return schema.parse(JSON.parse(hint ?? '{}'));
    } catch {
      return schema.parse({});
    }
  };
  return {
    read,
    write: (note, call = {}) => JSON.stringify({ ...read(call), ...note }),
  };
}
