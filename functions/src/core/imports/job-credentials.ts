import { useCredentials } from '../credentials/use-credentials.ts';
import type { CredentialNotes } from '../credentials/credential-record.ts';
import type { Engine } from '../engine.ts';
import { ImportError } from '../errors.ts';
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
 * Keeps credentials, has the platform verify and complete them, and runs `use` with them, as
 * `withCredentials` does; destroys them again when that fails. They are kept first because renewing
 * may use them up: what follows is then stored. Stored ones that are named by `credentialId` are
 * used, and stay as they are.
 */
export async function keepWhatWorks<T>(
  engine: Engine,
  given: {
    readonly customerId: string;
    readonly context: ImportContext;
    /** Null: they are named. */
    readonly credentials: Credentials | null;
    readonly credentialId?: string;
    /** The id of what is kept, where a repeat of this request shall find it; default: a new one. */
    readonly keptAs?: string | null;
    /** Default: `one_off`. */
    readonly type?: 'stored';
    readonly notes?: CredentialNotes;
  },
  use: (credentials: Credentials) => Promise<T>,
): Promise<{ readonly credential: NonNullable<ImportJob['credential']>; readonly result: T }> {
  const { customerId, context, credentialId, type = 'one_off' } = given;
  const { platform } = context;
  const run = (id: string) => {
    const owner = { id, customerId, platform };
    return useCredentials(engine, { owner, context }, async (opened) => {
      const verified = await verify(context, opened);
      if (verified === opened) return use(opened);
      return use(await engine.vault.refresh(owner, opened, () => Promise.resolve(verified)));
    });
  };
  if (credentialId !== undefined) {
    return { credential: { id: credentialId, type: 'stored' }, result: await run(credentialId) };
  }
  const { credentials, notes } = given;
  const kept = { customerId, platform, type, credentials: { ...credentials } } as const;
  const named = given.keptAs ? { id: given.keptAs } : {};
  const id = await engine.vault.keep({ ...kept, ...named, ...(notes && { notes }) });
  try {
    return { credential: { id, type }, result: await run(id) };
  } catch (error) {
    await engine.vault.destroy(id);
    throw error;
  }
}

/**
 * Asks the platform whether credentials work; returns them as they are, or completed by the check.
 * @throws `auth_invalid` with the platform's reason, `unavailable` when it can't be asked
 */
export async function verify(
  context: ImportContext,
  credentials: Credentials,
): Promise<Credentials> {
  const check = await context.validateCredentials(credentials);
  if (check.valid) return check.credentials ?? credentials;
  throw new ImportError({
    kind: 'auth_invalid',
    source: context.platform,
    publicMessage: check.error,
  });
}
