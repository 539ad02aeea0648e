import type { Engine } from '../engine.ts';
import { ImportError } from '../errors.ts';
import type { Credentials, ImportContext } from '../imports/import-context.ts';
import { keepWhatWorks, verify } from '../imports/job-credentials.ts';
import type { CredentialNotes, CredentialRecord } from './credential-record.ts';
import type { CredentialOwner } from './credential-store.ts';
import { useCredentials } from './use-credentials.ts';

export interface NewCredential extends Pick<CredentialNotes, 'label' | 'createdBy' | 'expiresAt'> {
  /** Where a repeat of this request shall find it; null: any new one. */
  readonly id: string | null;
  readonly customerId: string;
  /** Already parsed by the context. */
  readonly credentials: Credentials;
}

/**
 * Keeps credentials for imports to come if the platform accepts them; destroys them again if not.
 * @throws `auth_invalid` with the platform's reason, `unavailable` when it can't be asked
 */
export async function keepCredential(
  engine: Engine,
  context: ImportContext,
  { id, credentials, customerId, label, createdBy, expiresAt }: NewCredential,
): Promise<CredentialRecord> {
  const notes = { label, createdBy, expiresAt, lastCheck: null };
  const given = { keptAs: id, customerId, context, credentials, type: 'stored', notes } as const;
  const { credential } = await keepWhatWorks(engine, given, () => Promise.resolve());
  return note(engine, await requireCredential(engine, credential.id), null);
}

/**
 * Asks the platform whether a credential still works, and notes its answer. An outage is no answer:
 * it throws, and the note stays. @throws `unavailable`, `timeout`, `rate_limited`
 */
export async function tryCredential(
  engine: Engine,
  context: ImportContext,
  record: CredentialRecord,
): Promise<CredentialRecord> {
  try {
    await useCredentials(engine, { owner: record, context }, (opened) => verify(context, opened));
    return await note(engine, record, null);
  } catch (error) {
    if (!(error instanceof ImportError) || error.kind !== 'auth_invalid') throw error;
    return note(engine, record, error.publicMessage);
  }
}

/** What a credential's last trial came to: null, or the platform's reason against it. */
async function note(
  { clock, credentials }: Engine,
  record: CredentialRecord,
  reason: string | null,
): Promise<CredentialRecord> {
  const outcome = reason === null ? 'valid' : 'invalid';
  const lastCheck = { at: clock.now(), outcome, reason } as const;
  await credentials.recordCheck(record.id, lastCheck);
  return { ...record, lastCheck };
}

/**
 * Destroys a credential unless an import that has not ended works with it. One that is created
 * between the look and the end finds it gone, and stops with that as its reason.
 * @throws `conflict` naming the import
 */
export async function destroyCredential(
  engine: Pick<Engine, 'jobs' | 'vault'>,
  { id, customerId }: Pick<CredentialRecord, 'id' | 'customerId'>,
): Promise<void> {
  const job = await engine.jobs.findOpenByCredential(customerId, id);
  if (job) {
    throw new ImportError({
      kind: 'conflict',
      source: 'admin',
      publicMessage: `Import ${job.id} is ${job.status} and works with this credential: wait for its end, or cancel it (DELETE /admin/imports/${job.id}).`,
      retryable: false,
    });
  }
  await engine.vault.destroy(id);
}

/** @throws `not_found` */
export async function requireCredential(
  { credentials }: Pick<Engine, 'credentials'>,
  id: string,
): Promise<CredentialRecord> {
  const record = await credentials.get(id);
  if (record) return record;
  throw new ImportError({
    kind: 'not_found',
    source: 'admin',
    publicMessage: `There is no credential "${id}".`,
  });
}

/**
 * Makes sure that a customer has such a stored credential. That of another customer or platform, and
 * that of one import alone, is as good as none: the answer does not tell them apart. @throws `not_found`
 */
export async function requireStoredCredential(
  { credentials }: Pick<Engine, 'credentials'>,
  { id, customerId, platform }: CredentialOwner,
): Promise<void> {
  const record = await credentials.get(id);
  const isTheirs = record?.customerId === customerId && record.platform === platform;
  if (isTheirs && record.type === 'stored') return;
  throw new ImportError({
    kind: 'not_found',
    source: 'admin',
    publicMessage: `Customer ${customerId} has no stored credential "${id}" for ${platform}.`,
  });
}
