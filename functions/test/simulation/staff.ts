import {
  cancelImport,
  pauseImport,
  resumeImport,
  retryImport,
} from '../../src/core/imports/control-job.ts';
import { createImport } from '../../src/core/imports/create-import.ts';
import type { Engine } from '../../src/core/engine.ts';
import { ImportError } from '../../src/core/errors.ts';
import { keepCredential } from '../../src/core/credentials/manage-credentials.ts';
import type { Credentials, ImportContext } from '../../src/core/imports/import-context.ts';
import { requireContext } from '../../src/core/imports/job-run.ts';
import type { Chance } from './chance.ts';
import type { Fleet } from './fleet.ts';
import { currentEngine } from './functions-under-test.ts';
import type { History } from './history.ts';
import type { PlannedImport } from './scenario.ts';
import type { Trace } from './trace.ts';

/** The people who use the admin API. */
export interface Staff {
  /** Asks for an import until the answer is a job. */
  request(planned: PlannedImport): Promise<void>;
  /** Pauses, resumes, cancels or retries some job, whatever state it is in. */
  meddle(): Promise<void>;
  /** Retries what ended without everything, with credentials that work now. */
  retryAll(): Promise<void>;
  /** Lets every paused job go on. */
  resumeAll(): Promise<void>;
}

/** Whose keys are asked for. */
interface Asked extends Pick<PlannedImport, 'customerId' | 'account'> {
  /** Kept ones that the platform no longer takes. */
  readonly rejectedId?: string | null;
}

interface Keys {
  readonly credentials: Credentials | null;
  readonly credentialId?: string;
}

const apiTimeoutMs = 60_000;
const maxTries = 6;
const patienceMs = 20_000;

/** Creates support staff who reach the engine through the fleet. */
export function createStaff(options: {
  readonly fleet: Fleet;
  readonly chance: Chance;
  readonly trace: Trace;
  readonly history: History;
  /** What the customer sends when they are asked. */
  readonly credentialsFor: (planned: Pick<PlannedImport, 'account'>) => Credentials;
  /** Whether support keeps them for imports to come. */
  readonly isKept: (planned: Pick<PlannedImport, 'account'>) => boolean;
  readonly plannedFor: (requestedBy: string) => PlannedImport | null;
}): Staff {
  const { fleet, chance, trace, history } = options;
  let acts = 0;
  const act = async (
    what: string,
    work: (engine: Engine) => Promise<unknown>,
  ): Promise<boolean> => {
    acts += 1;
    trace.add(`staff: ${what}`);
    try {
      await fleet.run(
        `staff#${String(acts)}`,
        async () => work(await currentEngine()),
        apiTimeoutMs,
      );
      return true;
    } catch (error) {
      // Who is told that credentials don't work asks the customer for others.
      return error instanceof ImportError && !error.retryable && error.kind !== 'auth_invalid';
    }
  };
  /** Credentials that are kept, by customer and account. */
  const kept = new Map<string, string>();
  /** For one request: what the customer sends, or the name of what is kept. */
  const withKeys = async <T>(
    engine: Engine,
    { context, planned }: { readonly context: ImportContext; readonly planned: Asked },
    work: (keys: Keys) => Promise<T>,
  ): Promise<T> => {
    if (!options.isKept(planned)) return work({ credentials: options.credentialsFor(planned) });
    const { customerId, account } = planned;
    const owner = `${customerId} ${String(account)}`;
    if (kept.get(owner) === planned.rejectedId) kept.delete(owner);
    const known = kept.get(owner);
    const credentials = known === undefined ? options.credentialsFor(planned) : {};
    const notes = { id: null, label: null, createdBy: null, expiresAt: null };
    const credentialId =
      known ?? (await keepCredential(engine, context, { ...notes, customerId, credentials })).id;
    kept.set(owner, credentialId);
    try {
      return await work({ credentials: null, credentialId });
    } catch (error) {
      const isRejected = error instanceof ImportError && error.kind === 'auth_invalid';
      if (isRejected && kept.get(owner) === credentialId) kept.delete(owner);
      throw error;
    }
  };
  const retry = (jobId: string) => (engine: Engine) => retryJob(engine, jobId);
  const retryJob = async (engine: Engine, jobId: string): Promise<unknown> => {
    const job = await engine.jobs.get(jobId);
    if (!job) return null;
    const context = requireContext(engine, job.platform);
    const { customerId, credential, lastError } = job;
    const account = options.plannedFor(job.requestedBy)?.account ?? null;
    const rejectedId = lastError?.kind === 'auth_invalid' ? (credential?.id ?? null) : null;
    const planned = { customerId, account, rejectedId };
    return withKeys(engine, { context, planned }, (keys) => {
      // What the import has already need not be named.
      const isSame = keys.credentialId !== undefined && keys.credentialId === credential?.id;
      return retryImport(engine, context, { job, ...(isSame ? { credentials: null } : keys) });
    });
  };
  return {
    async request(planned) {
      for (let tries = 0; tries < maxTries; tries += 1) {
        const isDone = await act(`import for ${planned.customerId}`, async (engine) => {
          const context = requireContext(engine, planned.platform);
          await withKeys(engine, { context, planned }, (keys) =>
            createImport(engine, context, {
              ...{ customerId: planned.customerId, platform: planned.platform },
              ...{ schedule: planned.schedule, filters: {}, id: null },
              dateRange: { start: null, end: null },
              requestedBy: planned.requestedBy,
              ...keys,
            }),
          );
        });
        if (isDone) return;
        await new Promise((resolve) => setTimeout(resolve, patienceMs));
      }
    },
    async meddle() {
      const jobIds = [...history.jobs.keys()];
      const jobId = jobIds[chance.between(0, Math.max(jobIds.length - 1, 0))];
      if (jobId === undefined) return;
      const ways = [
        ['pause', (engine: Engine) => pauseImport(engine, jobId)],
        ['pause', (engine: Engine) => pauseImport(engine, jobId)],
        ['resume', (engine: Engine) => resumeImport(engine, jobId)],
        ['resume', (engine: Engine) => resumeImport(engine, jobId)],
        ['retry', retry(jobId)],
        ['retry', retry(jobId)],
        ['cancel', (engine: Engine) => cancelImport(engine, jobId)],
      ] as const;
      const [name, way] = chance.pick(ways);
      await act(`${name} ${jobId.slice(0, 6)}`, way);
    },
    async retryAll() {
      for (const { id, status } of history.jobs.values()) {
        if (status !== 'partial' && status !== 'failed') continue;
        const what = `retry ${id.slice(0, 6)}`;
        if (!(await act(what, retry(id)))) await act(what, retry(id));
      }
    },
    async resumeAll() {
      for (const job of history.jobs.values()) {
        if (job.status !== 'paused') continue;
        await act(`resume ${job.id.slice(0, 6)}`, (engine) => resumeImport(engine, job.id));
      }
    },
  };
}
