import type { z } from 'zod';

/**
 * Reads what a context noted of a call as JSON; null where the note was lost, broke, or is of an
 * earlier version: a note only saves requests.
 */
export function readHint<TSchema extends z.ZodType>(
  hint: string | null | undefined,
  schema: TSchema,
): z.output<TSchema> | null {
  if (typeof hint !== 'string') return null;
  try {
    return schema.safeParse(JSON.parse(hint)).data ?? null;
  } catch {
    // No JSON: as good as none.
    return null;
  }
}
