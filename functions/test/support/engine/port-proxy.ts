import type { Engine } from '../../../src/core/engine.ts';

/** One awaited call of a port. */
export interface PortCall {
  /** `calls.transact`, `grain.fetchCall`, … */
  readonly name: string;
  /** Counts the calls of that name within one delivery, from 1. */
  readonly occurrence: number;
}

export type Intercept = (call: PortCall, run: () => Promise<unknown>) => Promise<unknown>;

/** Methods that answer at once: there is nothing to await and nothing to lose. */
const synchronous = new Set(['uriOf', 'parseCredentials', 'parseFilters', 'findRenewal']);

/** The engine with every awaited call of its ports, contexts included, led through `intercept`. */
export function interceptPorts(engine: Engine, intercept: Intercept): Engine {
  const occurrences = new Map<string, number>();
  const led: Intercept = ({ name }, run) => {
    const occurrence = (occurrences.get(name) ?? 0) + 1;
    occurrences.set(name, occurrence);
    return intercept({ name, occurrence }, run);
  };
  const port = <T extends object>(name: string, target: T): T => wrap(name, target, led);
  return {
    ...engine,
    jobs: port('jobs', engine.jobs),
    calls: port('calls', engine.calls),
    vault: port('vault', engine.vault),
    credentials: port('credentials', engine.credentials),
    keys: port('keys', engine.keys),
    audit: port('audit', engine.audit),
    directory: port('directory', engine.directory),
    objects: port('objects', engine.objects),
    queue: port('queue', engine.queue),
    transcriber: port('transcriber', engine.transcriber),
    findContext: (platform) => {
      const context = engine.findContext(platform);
      return context && port('context', context);
    },
  };
}

function wrap<T extends object>(portName: string, target: T, led: Intercept): T {
  return new Proxy(target, {
    get(object, property) {
      const value: unknown = Reflect.get(object, property, object);
      if (typeof value !== 'function' || synchronous.has(String(property))) return value;
      const name = `${portName}.${String(property)}`;
      const run = (args: unknown[]): unknown => Reflect.apply(value, object, args);
      if (property === 'listCalls') {
        // The one method of the ports that is an async generator.
        return (...args: unknown[]) => leadPages(run(args) as AsyncGenerator, name, led);
      }
      return (...args: unknown[]) =>
        led({ name, occurrence: 0 }, async () => {
          const result: unknown = await run(args);
          return result;
        });
    },
  });
}

async function* leadPages(
  pages: AsyncGenerator,
  name: string,
  led: Intercept,
): AsyncGenerator<unknown> {
  try {
    for (;;) {
      // What `next` gave, handed through `intercept` untouched.
      const { value, done } = (await led({ name, occurrence: 0 }, () =>
        pages.next(),
      )) as IteratorResult<unknown>;
      if (done) return;
      yield value;
    }
  } finally {
    await pages.return(undefined);
  }
}
