import { ImportError } from '../errors.ts';
import type { Clock, SealedSecret, Sealer } from '../ports.ts';
import type { CredentialStore, StoredCredential } from './credential-store.ts';

/** How far a rotation has come. It is stored after each batch, so that a crash repeats one at most. */
export interface KeyRotation {
  /** What every credential is sealed under in the end; null until the version is made. */
  readonly keyVersion: string | null;
  /** What sealed until then. */
  readonly previousKeyVersion: string;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  /** The last credential that was looked at, in the order of ids. */
  readonly after: string | null;
  readonly rewrapped: number;
  /** Sealed under the new version when it was their turn. */
  readonly alreadyCurrent: number;
  /** Stays as it is: it opens under no key that we have, or can't be read. */
  readonly failed: number;
  /** The first of them. */
  readonly failedIds: readonly string[];
}

export interface RotationStore {
  get(): Promise<KeyRotation | null>;
  /** @throws `conflict` when somebody has stored another step since `before` */
  save(rotation: KeyRotation, before: KeyRotation | null): Promise<void>;
  /** In the order of ids; `credential` is null where the document breaks its schema. */
  listAfter(
    id: string | null,
    limit: number,
  ): Promise<readonly { readonly id: string; readonly credential: StoredCredential | null }[]>;
}

export interface KeyRotator {
  /** Takes the rotation that is under way on by a batch; starts one where none is. @throws `unavailable` */
  advance(batchSize: number): Promise<KeyRotation>;
}

const shownFailures = 20;
/** Writers of the same credential that may come between: more is somebody who never stops. */
const maxTries = 5;

interface RotationParts {
  readonly store: RotationStore;
  readonly credentials: Pick<CredentialStore, 'transact'>;
  readonly sealer: Sealer;
  readonly clock: Clock;
}

/**
 * Seals every stored credential anew under the newest key version, batch by batch, while imports
 * open, add and replace credentials. A version that is retired has sealed nothing for two rotations.
 */
export function createKeyRotator(parts: RotationParts): KeyRotator {
  const { store, sealer, clock } = parts;
  return {
    async advance(batchSize) {
      const before = await begin(parts);
      const batch = await store.listAfter(before.after, batchSize);
      const results: Rewrapping[] = [];
      for (const entry of batch) results.push(await rewrap(parts, entry, before.keyVersion));
      const count = (result: Rewrapping) => results.filter((one) => one === result).length;
      const failedIds = batch.filter((_, index) => results[index] === 'failed').map(({ id }) => id);
      const isFinished = batch.length < batchSize;
      const rotation: KeyRotation = {
        ...before,
        after: batch.at(-1)?.id ?? before.after,
        rewrapped: before.rewrapped + count('rewrapped'),
        alreadyCurrent: before.alreadyCurrent + count('alreadyCurrent'),
        failed: before.failed + failedIds.length,
        failedIds: [...before.failedIds, ...failedIds].slice(0, shownFailures),
        finishedAt: isFinished ? clock.now() : null,
      };
      await store.save(rotation, before);
      if (isFinished && rotation.failed === 0) {
        // What instances have in memory, and what is being stored just now, may be of the version before.
        await sealer.retireKeys([before.keyVersion, before.previousKeyVersion]);
      }
      return rotation;
    },
  };
}

type Begun = KeyRotation & { readonly keyVersion: string };

/** Stored before the new version is made: a crash in between makes another one, and forgets no old one. */
async function begin({ store, sealer, clock }: RotationParts): Promise<Begun> {
  const last = await store.get();
  const underWay = last && !last.finishedAt ? last : null;
  if (underWay?.keyVersion) return { ...underWay, keyVersion: underWay.keyVersion };
  const fresh: KeyRotation = underWay ?? {
    ...{ keyVersion: null, previousKeyVersion: await sealer.currentKey() },
    ...{ startedAt: clock.now(), finishedAt: null, after: null },
    ...{ rewrapped: 0, alreadyCurrent: 0, failed: 0, failedIds: [] },
  };
  if (!underWay) await store.save(fresh, last);
  const begun = { ...fresh, keyVersion: await sealer.renewKey() };
  await store.save(begun, fresh);
  return begun;
}

type Rewrapping = 'rewrapped' | 'alreadyCurrent' | 'failed' | 'gone';

/** Whoever changed it meanwhile wins: it is read and sealed again. */
async function rewrap(
  { credentials, sealer }: RotationParts,
  entry: { readonly credential: StoredCredential | null },
  keyVersion: string,
): Promise<Rewrapping> {
  let { credential } = entry;
  for (let attempt = 0; attempt < maxTries && credential; attempt += 1) {
    if (credential.sealed.keyVersion === keyVersion) return 'alreadyCurrent';
    const sealed = await reseal(sealer, credential);
    if (!sealed) return 'failed';
    const found = await credentials.transact(credential.id, replace(credential, sealed));
    if (found === 'rewrapped' || found === 'gone') return found;
    credential = found;
  }
  return 'failed';
}

/** What is stored gives way to `sealed` while it is what was read; its result otherwise is what was found. */
function replace(read: StoredCredential, sealed: SealedSecret) {
  type Result = 'rewrapped' | 'gone' | StoredCredential;
  return (
    found: StoredCredential | null,
  ): { readonly credential: StoredCredential | null; readonly result: Result } => {
    if (!found) return { credential: null, result: 'gone' };
    // No two seals have an IV in common. A commit whose answer was lost finds its own.
    if (found.sealed.iv === sealed.iv) return { credential: null, result: 'rewrapped' };
    if (found.sealed.iv !== read.sealed.iv) return { credential: null, result: found };
    return { credential: { ...found, sealed }, result: 'rewrapped' };
  };
}

/**
 * A new data key, IV and ciphertext: the key version is part of what is authenticated, so wrapping
 * the old data key anew would not open. Null when it doesn't open now either.
 */
async function reseal(
  sealer: Sealer,
  { id, customerId, platform, sealed }: StoredCredential,
): Promise<SealedSecret | null> {
  const binding = [customerId, platform, id];
  try {
    return await sealer.seal(await sealer.open(sealed, binding), binding);
  } catch (error) {
    // A key service that is down is no verdict on the credential: the batch comes again.
    if (!(error instanceof ImportError) || error.retryable) throw error;
    return null;
  }
}
