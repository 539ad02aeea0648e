import { useCredentials } from '../credentials/use-credentials.ts';
import type { Engine } from '../engine.ts';
import type { Credentials, ImportContext } from './import-context.ts';
import type { ImportJob } from './import-job.ts';

/**
 * Runs `use` with what the job's context calls need: its sealed credential opened, renewed where that
 * is due, or for a platform without credentials the job's inputs. It may run twice, see
 * `useCredentials`. @throws `auth_invalid` when the credential was destroyed
 */
export async function withCredentials<T>(
  engine: Engine,
  { job, context }: { readonly job: ImportJob; readonly context: ImportContext },
  use: (credentials: Credentials) => Promise<T>,
): Promise<T> {
  const { credential, customerId, platform } = job;
  if (!credential) return use(job.config.inputs ?? {});
  const owner = { id: credential.id, customerId, platform };
  return useCredentials(engine, { owner, context }, use);
}

/**
 * Keeps one-off credentials and runs `use` with them, as `withCredentials` does; destroys them again
 * when that fails. They are kept first because renewing may use them up: what follows is then stored.
 */
export async function keepWhatWorks<T>(
  engine: Engine,
  given: {
    readonly customerId: string;
    readonly context: ImportContext;
    readonly credentials: Credentials;
  },
  use: (credentials: Credentials) => Promise<T>,
): Promise<{ readonly credential: NonNullable<ImportJob['credential']>; readonly result: T }> {
  const { customerId, context, credentials } = given;
  const { platform } = context;
  const type = 'one_off';
  const id = await engine.vault.keep({ customerId, platform, type, credentials });
  try {
    const owner = { id, customerId, platform };
    return {
      credential: { id, type },
      result: await useCredentials(engine, { owner, context }, use),
    };
  } catch (error) {
    await engine.vault.destroy(id);
    throw error;
  }
}
