import { Cron } from 'croner';
import { backoffMs, toQueuePolicy } from '../queue/queue-policy.ts';
import { parseSchedule } from './cron-schedule.ts';
import type { HostedFunction, HostedTrigger } from './endpoint.ts';
import type { FunctionHostOptions } from './host-options.ts';
import type { OidcIssuer } from './oidc.ts';
import type { SendRequest } from './task-delivery.ts';

export interface HostedSchedule {
  /** One run, with the retries that the function asks for; the last status. */
  run(): Promise<number>;
  /** Starts no more runs and waits for those that are under way. */
  stop(): Promise<void>;
}

interface ScheduleContext {
  readonly options: FunctionHostOptions;
  readonly hosted: HostedFunction;
  readonly trigger: Extract<HostedTrigger, { kind: 'schedule' }>;
  readonly oidc: OidcIssuer;
  readonly path: string;
  readonly region: string;
  readonly send: SendRequest;
}

/**
 * Runs a function by its schedule in its time zone, as Cloud Scheduler does: a run does not wait for
 * the one before. @throws Error naming a schedule that can't be read
 */
export function hostSchedule(context: ScheduleContext): HostedSchedule {
  const { options, hosted, trigger } = context;
  const { pattern, intervalSeconds } = parseSchedule(trigger.schedule);
  const running = new Set<Promise<number>>();
  const stopping = new AbortController();

  function run(): Promise<number> {
    const started = runWithRetries(context, stopping.signal);
    running.add(started);
    void started.finally(() => running.delete(started));
    return started;
  }

  const cron = new Cron(
    pattern,
    {
      timezone: trigger.timeZone,
      paused: options.runsSchedules === false,
      ...(intervalSeconds !== null && { interval: intervalSeconds }),
    },
    // croner would wait for a promise before it counts a run as ended: runs may overlap.
    () => void run(),
  );
  return {
    run,
    async stop() {
      cron.stop();
      stopping.abort();
      await Promise.all(running);
      options.log.info(`The schedule of ${hosted.name} is stopped.`);
    },
  };
}

/** @see https://docs.cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#RetryConfig */
async function runWithRetries(context: ScheduleContext, signal: AbortSignal): Promise<number> {
  const { hosted, options, trigger } = context;
  const { retryCount = 0, ...retryConfig } = trigger.retryConfig;
  const policy = toQueuePolicy({
    retryConfig: {
      minBackoffSeconds: retryConfig.minBackoffSeconds ?? 5,
      maxBackoffSeconds: retryConfig.maxBackoffSeconds ?? 3600,
      maxDoublings: retryConfig.maxDoublings ?? 5,
    },
  });
  const scheduledAt = options.clock.now();
  for (let retry = 0; ; retry += 1) {
    const status = await runOnce(context, scheduledAt);
    if (status < 300) return status;
    options.log.error(`The scheduled function ${hosted.name} answered ${status}.`);
    if (retry >= retryCount || signal.aborted) return status;
    await pause(backoffMs(policy, retry), signal);
  }
}

async function runOnce(context: ScheduleContext, scheduledAt: Date): Promise<number> {
  const { hosted, oidc, options, path, region } = context;
  try {
    const { status } = await context.send({
      headers: {
        authorization: await oidc.authorizationFor(path),
        'X-CloudScheduler-JobName': `firebase-schedule-${hosted.name}-${region}`,
        'X-CloudScheduler-ScheduleTime': scheduledAt.toISOString(),
      },
      body: '{}',
    });
    return status;
  } catch (error) {
    options.log.error(`The scheduled function ${hosted.name} could not be run.`, error);
    return 500;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
