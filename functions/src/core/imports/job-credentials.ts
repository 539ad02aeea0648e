import type { Engine } from '../engine.ts';
import type { Credentials } from './import-context.ts';
import type { ImportJob } from './import-job.ts';

/**
 * What the job's context calls need: the sealed credential opened, or for a platform without
 * credentials the job's inputs. @throws `auth_invalid` when the credential was destroyed
 */
export async function openCredentials(
  { vault }: Pick<Engine, 'vault'>,
  job: ImportJob,
): Promise<Credentials> {
  const { credential, customerId, platform } = job;
  if (!credential) return job.config.inputs ?? {};
  return vault.open({ id: credential.id, customerId, platform });
}
