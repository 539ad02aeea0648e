import { setTimeout as sleep } from 'node:timers/promises';
import { MultiBar, Presets } from 'cli-progress';
import type { ApiClient, JobAnswer } from './api-client.ts';

const pollMs = 250;

export interface ImportWatch {
  /** Prints above the bar. */
  say(line: string): void;
  /** Resolves when the import has ended. */
  readonly ended: Promise<JobAnswer>;
}

/** Draws a live bar of an import, by asking the admin API four times a second, until it ends. */
export function watchImport(api: ApiClient, jobId: string): ImportWatch {
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
  const startedAt = Date.now();
  async function follow(): Promise<JobAnswer> {
    try {
      for (;;) {
        const job = await api.getImport(jobId);
        bar.setTotal(Math.max(job.totalCalls ?? 0, job.counts.listed));
        bar.update(job.processedCalls, toPace(job, (Date.now() - startedAt) / 1000));
        if (job.completedAt !== null) return job;
        await sleep(pollMs);
      }
    } finally {
      bars.update();
      bars.stop();
    }
  }
  return { say: (line) => bars.log(`${line}\n`), ended: follow() };
}

function toPace(job: JobAnswer, elapsedSeconds: number) {
  const done = job.processedCalls - job.counts.duplicates;
  const perSecond = elapsedSeconds > 0 ? done / elapsedSeconds : 0;
  const remaining = Math.max((job.totalCalls ?? job.counts.listed) - job.processedCalls, 0);
  return {
    pace: `${perSecond.toFixed(1)} calls/s`,
    left: perSecond > 0 ? `${Math.ceil(remaining / perSecond)} s left` : 'no estimate yet',
    status: job.status,
  };
}
