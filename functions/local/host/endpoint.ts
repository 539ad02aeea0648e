import { Expression } from 'firebase-functions/params';
import { z } from 'zod';
import type { RetryConfig, TaskQueueTrigger } from '../queue/queue-policy.ts';

/** A function as firebase-functions makes it: called with (request, response) or with an event. */
export type DeployableFunction = (...args: readonly unknown[]) => unknown;

export type DocumentEventKind = 'created' | 'updated' | 'deleted' | 'written';

export type HostedTrigger =
  | { readonly kind: 'http'; readonly isPrivate: boolean }
  | { readonly kind: 'task'; readonly queue: TaskQueueTrigger }
  | {
      readonly kind: 'document';
      readonly eventType: string;
      readonly on: DocumentEventKind;
      readonly route: string;
      readonly retry: boolean;
    }
  | {
      readonly kind: 'schedule';
      readonly schedule: string;
      readonly timeZone: string;
      readonly retryConfig: RetryConfig & { readonly retryCount?: number | undefined };
    };

export interface HostedFunction {
  readonly name: string;
  readonly run: DeployableFunction;
  readonly region: string | null;
  readonly timeoutSeconds: number;
  /** Requests that one instance takes at a time. */
  readonly concurrency: number;
  readonly maxInstances: number | null;
  readonly trigger: HostedTrigger;
}

/** Settings may be parameters, to be read now, or "reset to the default", which is left out. */
const setting = <Value extends z.ZodType>(value: Value) =>
  z.preprocess(settle, value.optional()).optional();
const count = setting(z.number());
const retryConfig = z.object({
  maxAttempts: count,
  maxRetrySeconds: count,
  minBackoffSeconds: count,
  maxBackoffSeconds: count,
  maxDoublings: count,
  retryCount: count,
});

const Endpoint = z.object({
  region: z.array(z.string()).optional(),
  timeoutSeconds: count,
  concurrency: count,
  maxInstances: count,
  httpsTrigger: z.object({ invoker: z.array(z.string()).optional() }).optional(),
  callableTrigger: z.object({}).optional(),
  taskQueueTrigger: z
    .object({
      retryConfig: retryConfig.optional(),
      rateLimits: z
        .object({ maxConcurrentDispatches: count, maxDispatchesPerSecond: count })
        .optional(),
    })
    .optional(),
  eventTrigger: z
    .object({
      eventType: z.string(),
      eventFilters: z.record(z.string(), setting(z.string())).optional(),
      eventFilterPathPatterns: z.record(z.string(), setting(z.string())).optional(),
      retry: setting(z.boolean()),
    })
    .optional(),
  scheduleTrigger: z
    .object({
      schedule: z.preprocess(settle, z.string()),
      timeZone: setting(z.string()),
      retryConfig: retryConfig.optional(),
    })
    .optional(),
});
type Endpoint = z.infer<typeof Endpoint>;

const defaultTimeoutSeconds = 60;
const defaultConcurrency = 80;

/**
 * Reads the functions of a module from their deployment descriptions; exports without one are not
 * functions to deploy. @throws Error naming a function whose trigger this host can't serve
 */
export function readFunctions(exported: Readonly<Record<string, unknown>>): HostedFunction[] {
  return Object.entries(exported).flatMap(([name, value]) => {
    if (typeof value !== 'function' || !('__endpoint' in value)) return [];
    const endpoint = Endpoint.parse(value.__endpoint);
    return {
      name,
      // firebase-functions describes only functions that it wrapped itself.
      run: value as unknown as DeployableFunction,
      region: endpoint.region?.[0] ?? null,
      timeoutSeconds: endpoint.timeoutSeconds ?? defaultTimeoutSeconds,
      concurrency: endpoint.concurrency ?? defaultConcurrency,
      maxInstances: endpoint.maxInstances ?? null,
      trigger: toTrigger(name, endpoint, value.__endpoint),
    };
  });
}

function toTrigger(name: string, endpoint: Endpoint, original: unknown): HostedTrigger {
  const { httpsTrigger, callableTrigger, taskQueueTrigger, eventTrigger, scheduleTrigger } =
    endpoint;
  if (httpsTrigger) {
    return { kind: 'http', isPrivate: httpsTrigger.invoker?.includes('private') === true };
  }
  if (callableTrigger) return { kind: 'http', isPrivate: false };
  if (taskQueueTrigger) {
    const { rateLimits, retryConfig } = taskQueueTrigger;
    return {
      kind: 'task',
      queue: { ...(rateLimits && { rateLimits }), ...(retryConfig && { retryConfig }) },
    };
  }
  if (eventTrigger) return toDocumentTrigger(name, eventTrigger);
  if (scheduleTrigger) {
    return {
      kind: 'schedule',
      schedule: scheduleTrigger.schedule,
      timeZone: scheduleTrigger.timeZone ?? 'America/Los_Angeles',
      retryConfig: scheduleTrigger.retryConfig ?? {},
    };
  }
  throw new Error(`The function ${name} has a trigger that can't be hosted: ${kindOf(original)}.`);
}

function toDocumentTrigger(
  name: string,
  trigger: NonNullable<Endpoint['eventTrigger']>,
): HostedTrigger {
  const { eventType, eventFilters, eventFilterPathPatterns, retry } = trigger;
  const on = documentEventKind(eventType);
  const route = eventFilterPathPatterns?.['document'] ?? eventFilters?.['document'];
  if (on === null || route === undefined) {
    throw new Error(`The function ${name} waits for events that can't be hosted: ${eventType}.`);
  }
  return { kind: 'document', eventType, on, route, retry: retry === true };
}

function documentEventKind(eventType: string): DocumentEventKind | null {
  const prefix = 'google.cloud.firestore.document.v1.';
  const kinds: readonly DocumentEventKind[] = ['created', 'updated', 'deleted', 'written'];
  return kinds.find((kind) => eventType === `${prefix}${kind}`) ?? null;
}

function kindOf(endpoint: unknown): string {
  const keys = typeof endpoint === 'object' && endpoint !== null ? Object.keys(endpoint) : [];
  return keys.find((key) => key.endsWith('Trigger')) ?? 'none';
}

/** A value that resets a setting is null in JSON. @see firebase-functions lib/common/options.js */
function settle(value: unknown): unknown {
  const settled: unknown = value instanceof Expression ? value.value() : value;
  return settled === undefined || JSON.stringify(settled) === 'null' ? undefined : settled;
}
