import { setTimeout as sleep } from 'node:timers/promises';
import { MultiBar, Presets } from 'cli-progress';
import { ApiProblem, ApiUnreachable, type ApiClient, type JobAnswer } from './api-client.ts';

export interface ImportWatch {
  /** Prints above the bar. */
  say(line: string): void;
  /** Resolves when the import has ended. */
  readonly ended: Promise<JobAnswer>;
  /** Takes the bar away; the import goes on. */
  stop(): void;
}

export interface WatchOptions {
  /** Between two looks; default 250. */
  readonly pollMs?: number;
  /** How long the API may be silent, as while it restarts; default 0. */
  readonly patienceMs?: number;
}

/** Draws a live bar of an import, by asking the admin API, until it ends. */
export function watchImport(
  api: Pick<ApiClient, 'getImport'>,
  jobId: string,
  { pollMs = 250, patienceMs = 0 }: WatchOptions = {},
): ImportWatch {
  const bars = new MultiBar(
    {
      format: 'Importing [{bar}] {value}/{total} calls | {pace} | {left} | {status}',
      hideCursor: true,
      barsize: 30,
      noTTYOutput: true,
      notTTYSchedule: 2_000,
      emptyOnZero: true,
    },
    Presets.shades_classic,
  );
  const bar = bars.create(0, 0, { pace: 'starting', left: '', status: 'queued' });
  let isStopped = false;
  const look = createPatientLook(() => api.getImport(jobId), patienceMs);
  async function follow(): Promise<JobAnswer> {
    let first: Look | null = null;
    try {
      for (;;) {
        const job = await look();
        if (isStopped) return await new Promise<never>(() => undefined);
        if (job) {
          const now = { done: toDone(job), atMs: Date.now() };
          first ??= now;
          bar.setTotal(Math.max(job.totalCalls ?? 0, job.counts.listed));
          bar.update(job.processedCalls, toPace(job, first, now));
          if (job.completedAt !== null) return job;
        } else {
          bar.update({ status: 'the API does not answer, trying again' });
        }
        await sleep(pollMs);
      }
    } finally {
      bars.update();
      bars.stop();
    }
  }
  return {
    say: (line) => bars.log(`${line}\n`),
    ended: follow(),
    stop: () => {
      isStopped = true;
      bars.stop();
    },
  };
}

/** Null while nobody answers, for as long as that is borne. */
function createPatientLook(
  look: () => Promise<JobAnswer>,
  patienceMs: number,
): () => Promise<JobAnswer | null> {
  let answeredAtMs = Date.now();
  return async () => {
    try {
      const job = await look();
      answeredAtMs = Date.now();
      return job;
    } catch (error) {
      if (!isPassing(error) || Date.now() - answeredAtMs >= patienceMs) throw error;
      return null;
    }
  };
}

function isPassing(error: unknown): boolean {
  if (error instanceof ApiUnreachable) return true;
  return error instanceof ApiProblem && (error.status >= 500 || error.status === 429);
}

/** How many calls were through at an instant. */
interface Look {
  readonly done: number;
  readonly atMs: number;
}

function toDone(job: JobAnswer): number {
  return job.processedCalls - job.counts.duplicates;
}

function toPace(job: JobAnswer, first: Look, now: Look) {
  const elapsedSeconds = (now.atMs - first.atMs) / 1000;
  const perSecond = elapsedSeconds > 0 ? (now.done - first.done) / elapsedSeconds : 0;
  const remaining = Math.max((job.totalCalls ?? job.counts.listed) - job.processedCalls, 0);
  return {
    pace: `${perSecond.toFixed(1)} calls/s`,
    left: perSecond > 0 ? toTime(remaining / perSecond) : 'no estimate yet',
    status: job.limitedUntil
      ? `limited by the platform until ${new Date(job.limitedUntil).toLocaleTimeString()}`
      : job.status,
  };
}

function toTime(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s left`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min left` : `${Math.ceil(minutes / 60)} h left`;
}
