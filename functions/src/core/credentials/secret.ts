import type { Credentials } from '../imports/import-context.ts';

const redacted = '[redacted]';

/**
 * Credentials that nothing prints: JSON, texts, `console.log` and the logger show `[redacted]`, which
 * also holds where they lie deep in an error or an event. Reading a field and spreading work as ever,
 * so whoever uses them on purpose needs no key.
 */
export function conceal(credentials: Credentials): Credentials {
  const show = { value: () => redacted };
  return Object.defineProperties(
    { ...credentials },
    {
      toJSON: show,
      toString: show,
      // What node:util's inspect asks for; its symbol is registered, so core need not import it.
      [Symbol.for('nodejs.util.inspect.custom')]: show,
    },
  );
}

/** Concealed credentials as JSON after all: to be sealed, or compared, and nothing else. */
export function reveal(credentials: Credentials): string {
  // A copy has none of what conceals the original.
  return JSON.stringify({ ...credentials });
}
