import { ImportError } from '../core/errors.ts';

const source = 'new-platform';

/**
 * Stands where the author of a new adapter has yet to write, so that a failing check says what it
 * waits for. @throws `internal` naming the file and what is missing there
 */
export function notFilledIn(file: string, what: string): never {
  const publicMessage = `${file}: ${what} is not filled in.`;
  throw new ImportError({ kind: 'internal', source, retryable: false, publicMessage });
}

/** Whether an error is no failure of an adapter, but a part of it that is not written yet. */
export function isNotFilledIn(error: unknown): boolean {
  return error instanceof ImportError && error.source === source;
}
