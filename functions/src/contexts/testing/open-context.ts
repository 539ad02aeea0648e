import type { Credentials } from '../../core/imports/import-context.ts';
import type { SourceCall } from '../../core/imports/source-call.ts';
import { createUnlimitedRateLimiter } from '../../kit/rate-limiter.ts';
import type { PlatformSandbox, SandboxOptions } from '../../kit/sandbox.ts';
import type { ContextEnvironment, CreatedContext, DefinedContext } from '../context.ts';
import { listAll, openRange, required, toCalls } from './check.ts';
import { createFakeClock } from './fake-clock.ts';
import type { FakeClock } from './fake-clock.ts';
import { toFetch } from './fault-fetch.ts';

/** A listing of all that an account has. */
export const whole = { dateRange: openRange, filters: {}, cursor: null };

/** A context on a clock that only sleeping moves, without limits but what a test gives it. */
export function openContext(
  defined: DefinedContext,
  { at, ...environment }: Partial<ContextEnvironment> & { readonly at?: string },
): { readonly context: CreatedContext; readonly clock: FakeClock } {
  const clock = createFakeClock(at);
  const context = defined.create({
    clock,
    sleep: clock.sleep,
    random: () => 0.5,
    createRateLimiter: createUnlimitedRateLimiter,
    ...environment,
  });
  return { context, clock };
}

/** A context before a sandbox that answers as often as it is asked. */
export function openOnSandbox<TSandbox extends PlatformSandbox>(
  defined: DefinedContext,
  createSandbox: (options: SandboxOptions) => TSandbox,
  options: {
    readonly calls: number;
    readonly faults?: readonly string[] | undefined;
    readonly at?: string;
    readonly environment?: Partial<ContextEnvironment>;
  },
) {
  const { calls, faults = [], at, environment } = options;
  const clock = createFakeClock(at);
  const sandbox = createSandbox({
    calls,
    faults,
    seed: 7,
    now: () => clock.now(),
    requestsPerMinute: 1_000_000,
    origin: () => new URL(defined.baseUrl ?? '').origin,
  });
  const { context } = openContext(defined, {
    clock,
    sleep: clock.sleep,
    fetch: toFetch(sandbox),
    ...environment,
  });
  return { context, sandbox, clock };
}

/** Every call of a listing. */
export async function listCalls(
  context: CreatedContext,
  credentials: Credentials,
  options: Partial<typeof whole> = {},
): Promise<readonly SourceCall[]> {
  return toCalls(await listAll({ context }, credentials, options));
}

/** The first call of a listing. */
export async function listFirst(
  context: CreatedContext,
  credentials: Credentials,
): Promise<SourceCall> {
  const { value } = await context.listCalls(credentials, whole).next();
  return required(toCalls(value === undefined ? [] : [value])[0], 'listed call');
}
