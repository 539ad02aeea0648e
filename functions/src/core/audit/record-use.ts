import type { Engine } from '../engine.ts';
import type { ImportJob } from '../imports/import-job.ts';

/**
 * Writes down that an import uses its credential: once for each import and credential, before the
 * first use, whatever the number of calls. A second execution finds the entry there.
 * @throws `unavailable`: without the entry there is no use
 */
export async function recordCredentialUse(
  { audit, clock }: Pick<Engine, 'audit' | 'clock'>,
  job: Pick<ImportJob, 'id' | 'customerId' | 'requestedBy' | 'credential'>,
): Promise<void> {
  const { id: jobId, customerId, requestedBy: actor, credential } = job;
  if (!credential) return;
  const now = clock.now();
  await audit.open({
    id: `${jobId}-${credential.id}`,
    ...{ at: now, endedAt: now, actor, role: null, jobId, customerId },
    action: 'useCredential',
    target: `credentials/${credential.id}`,
    ...{ outcome: 'done', status: null, requestId: null },
  });
}
