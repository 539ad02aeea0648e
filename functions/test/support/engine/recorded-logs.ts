import type { Logs } from '../../../src/core/logs.ts';

export interface LoggedEvent {
  readonly name: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** Logs that keep what they were told. */
export function createRecordedLogs(): { readonly logs: Logs; readonly events: LoggedEvent[] } {
  const events: LoggedEvent[] = [];
  const logs = new Proxy(
    {},
    {
      get: (_, name) => (event: Readonly<Record<string, unknown>>) => {
        events.push({ name: String(name), event });
      },
    },
  );
  // Whatever event the engine names, the proxy answers with a function that takes one object.
  return { logs: logs as Logs, events };
}
