import { createEmbeddedQueue } from '../queue/embedded-queue.ts';
import type { DeliveryResult, EmbeddedQueue } from '../queue/embedded-queue.ts';
import type { RetryConfig } from '../queue/queue-policy.ts';
import { concerns, toDocumentEvent } from './document-event.ts';
import type { HostedFunction, HostedTrigger } from './endpoint.ts';
import { toQueueOptions } from './host-options.ts';
import type { FunctionHostOptions } from './host-options.ts';
import type { Slots } from './slots.ts';

interface DocumentTriggerContext {
  readonly options: FunctionHostOptions;
  readonly hosted: HostedFunction;
  readonly trigger: Extract<HostedTrigger, { kind: 'document' }>;
  readonly region: string;
  readonly slots: Slots;
}

/**
 * Second-generation event functions try again for a day, 10 to 600 s apart; only if they ask for it.
 * @see https://firebase.google.com/docs/functions/retries
 */
const retrying: RetryConfig = {
  maxAttempts: -1,
  maxRetrySeconds: 86_400,
  minBackoffSeconds: 10,
  maxBackoffSeconds: 600,
};

/** Runs a function for each write that its trigger waits for, from the commit on, at least once. */
export async function hostDocumentTrigger(
  context: DocumentTriggerContext,
): Promise<{ queue: EmbeddedQueue; stop(): Promise<void> }> {
  const { options, hosted, trigger, region } = context;
  const { log, projectId } = options;
  const queue = await createEmbeddedQueue({
    ...toQueueOptions(options),
    name: `events-${hosted.name}`,
    trigger: {
      rateLimits: { maxConcurrentDispatches: 1000, maxDispatchesPerSecond: Infinity },
      retryConfig: trigger.retry ? retrying : { maxAttempts: 1 },
    },
    // Ids of events don't come back, so none need be remembered.
    rememberNamesMs: 0,
    deliver: (task) => deliver(context, task.payload),
    onDropped: (task) => log.error(`The event ${task.name} for ${hosted.name} is given up.`),
  });
  const unsubscribe = options.store.onDocumentWritten(trigger.route, (write) => {
    if (!concerns(trigger.on, write)) return;
    const payload = toDocumentEvent(write, { projectId, region, eventType: trigger.eventType });
    queue.enqueue({ name: write.id, payload, runAt: null }).catch((error: unknown) => {
      log.error(`The event ${write.id} for ${hosted.name} is lost.`, error);
    });
  });
  const stop = async (): Promise<void> => {
    unsubscribe();
    await queue.stop();
  };
  return { queue, stop };
}

async function deliver(context: DocumentTriggerContext, event: unknown): Promise<DeliveryResult> {
  const { hosted, options, slots } = context;
  const release = await slots.acquire();
  try {
    await withinTimeout(hosted, event);
    return { status: 204 };
  } catch (error) {
    options.log.error(`The function ${hosted.name} failed with an event.`, error);
    return { status: 500 };
  } finally {
    release();
  }
}

async function withinTimeout(hosted: HostedFunction, event: unknown): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`Not done after ${hosted.timeoutSeconds} s.`));
  }, hosted.timeoutSeconds * 1000);
  try {
    // A copy, as every delivery gets its own.
    await Promise.race([hosted.run(structuredClone(event)), late]);
  } finally {
    clearTimeout(timer);
  }
}
