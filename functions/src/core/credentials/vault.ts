import { ImportError } from '../errors.ts';
import type { Credentials, Platform } from '../imports/import-context.ts';
import type { Clock, CreateId, SealedSecret, Sealer } from '../ports.ts';

export interface StoredCredential {
  readonly id: string;
  readonly customerId: string;
  readonly platform: Platform;
  readonly type: 'one_off' | 'stored';
  readonly sealed: SealedSecret;
  readonly createdAt: Date;
}

export interface CredentialStore {
  create(credential: StoredCredential): Promise<void>;
  get(id: string): Promise<StoredCredential | null>;
  remove(id: string): Promise<void>;
  /** Oldest first; a record that can't be read is reported and left out. */
  listOneOff(limit: number): Promise<readonly Omit<StoredCredential, 'sealed'>[]>;
}

/** Keeps credentials sealed; plaintext leaves it only as the argument of a context call. */
export interface Vault {
  keep(credential: {
    readonly customerId: string;
    readonly platform: Platform;
    readonly type: 'one_off' | 'stored';
    readonly credentials: Credentials;
  }): Promise<string>;
  /** @throws `auth_invalid` when it was destroyed, or belongs to another customer or platform */
  open(owner: {
    readonly id: string;
    readonly customerId: string;
    readonly platform: Platform;
  }): Promise<Credentials>;
  /** Idempotent. */
  destroy(id: string): Promise<void>;
  listOneOff(limit: number): Promise<readonly Omit<StoredCredential, 'sealed'>[]>;
}

/** A vault over a store of sealed credentials; ciphertexts are kept in memory for `cacheMs`. */
export function createVault(parts: {
  readonly store: CredentialStore;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly createId: CreateId;
  readonly cacheMs: number;
}): Vault {
  const { store, sealer, clock } = parts;
  const cache = new Map<string, { readonly at: number; readonly found: StoredCredential | null }>();

  async function find(id: string): Promise<StoredCredential | null> {
    const now = clock.now().getTime();
    const cached = cache.get(id);
    if (cached && now - cached.at < parts.cacheMs) return cached.found;
    const found = await store.get(id);
    if (cache.size > 1_000) cache.clear();
    cache.set(id, { at: now, found });
    return found;
  }

  return {
    async keep({ customerId, platform, type, credentials }) {
      const id = parts.createId();
      const sealed = await sealer.seal(JSON.stringify(credentials), [customerId, platform, id]);
      await store.create({ id, customerId, platform, type, sealed, createdAt: clock.now() });
      return id;
    },
    async open({ id, customerId, platform }) {
      const found = await find(id);
      if (!found || found.customerId !== customerId || found.platform !== platform) {
        throw new ImportError({
          kind: 'auth_invalid',
          source: 'credentials',
          publicMessage:
            'The credentials of this import are no longer stored. Start it again with credentials.',
        });
      }
      const plaintext = await sealer.open(found.sealed, [customerId, platform, id]);
      // What `keep` sealed under this very binding was a Credentials object.
      return JSON.parse(plaintext) as Credentials;
    },
    async destroy(id) {
      cache.delete(id);
      await store.remove(id);
    },
    listOneOff: (limit) => store.listOneOff(limit),
  };
}
