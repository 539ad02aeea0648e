import { ImportError } from '../errors.ts';
import type { Credentials, Platform } from '../imports/import-context.ts';
import type { Clock, CreateId, Sealer } from '../ports.ts';
import type { CredentialOwner, CredentialStore, StoredCredential } from './credential-store.ts';
import type { CredentialNotes } from './credential-record.ts';
import { createRefresh, type ExchangeCredentials } from './refresh.ts';
import { conceal, reveal } from './secret.ts';

/** Keeps credentials sealed; plaintext leaves it only as the argument of a context call. */
export interface Vault {
  keep(credential: {
    /** Default: a new one. One that is kept already, for the same owner, stays as it is. */
    readonly id?: string;
    readonly customerId: string;
    readonly platform: Platform;
    readonly type: 'one_off' | 'stored';
    readonly credentials: Credentials;
    readonly notes?: CredentialNotes;
  }): Promise<string>;
  /** @throws `auth_invalid` when it was destroyed, or belongs to another customer or platform */
  open(owner: CredentialOwner): Promise<Credentials>;
  /**
   * The credentials that follow `stale`, which `open` gave: those that somebody has stored since, else
   * new ones by `exchange`. One holder at a time exchanges, over all instances, and what it gets is
   * stored before anybody uses it.
   * @throws `conflict` while another holder exchanges for longer than the wait; what `exchange` throws
   */
  refresh(
    owner: CredentialOwner,
    stale: Credentials,
    exchange: ExchangeCredentials,
  ): Promise<Credentials>;
  /** Idempotent. */
  destroy(id: string): Promise<void>;
  listOneOff(limit: number): Promise<readonly Omit<StoredCredential, 'sealed'>[]>;
}

const noNotes: CredentialNotes = { label: null, createdBy: null, expiresAt: null, lastCheck: null };

/** A vault over a store of sealed credentials; ciphertexts are kept in memory for `cacheMs`. */
export function createVault(parts: {
  readonly store: CredentialStore;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly createId: CreateId;
  /** Waits so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly cacheMs: number;
}): Vault {
  const { store, sealer, clock } = parts;
  const cache = new Map<string, { readonly at: number; readonly found: StoredCredential | null }>();

  function remember(id: string, found: StoredCredential | null): void {
    if (cache.size > 1_000) cache.clear();
    cache.set(id, { at: clock.now().getTime(), found });
  }

  async function find(id: string): Promise<StoredCredential | null> {
    const cached = cache.get(id);
    if (cached && clock.now().getTime() - cached.at < parts.cacheMs) return cached.found;
    const found = await store.get(id);
    remember(id, found);
    return found;
  }

  const refresh = createRefresh({
    ...parts,
    load: async (owner) => {
      cache.delete(owner.id);
      return requireOwned(await find(owner.id), owner);
    },
    seal: (credentials, owner) => sealer.seal(reveal(credentials), toBinding(owner)),
    open: (stored) => openSealed(sealer, stored),
  });

  return {
    async keep({ id: given, customerId, platform, type, credentials, notes = noNotes }) {
      const id = given ?? parts.createId();
      const binding = toBinding({ id, customerId, platform });
      const sealed = await sealer.seal(reveal(credentials), binding);
      const createdAt = clock.now();
      const version = { version: 1, refreshLease: null };
      const owned = { id, customerId, platform };
      try {
        await store.create({ ...owned, type, sealed, ...version, createdAt, ...notes });
      } catch (error) {
        const isTaken = error instanceof ImportError && error.kind === 'conflict';
        if (given === undefined || !isTaken) throw error;
        // By an earlier try at this very request, whose answer was lost.
        requireOwned(await store.get(id), owned);
      }
      return id;
    },
    async open(owner) {
      return openSealed(sealer, requireOwned(await find(owner.id), owner));
    },
    async refresh(owner, stale, exchange) {
      const { stored, credentials } = await refresh(owner, stale, exchange);
      remember(owner.id, stored);
      return credentials;
    },
    async destroy(id) {
      cache.delete(id);
      await store.remove(id);
    },
    listOneOff: (limit) => store.listOneOff(limit),
  };
}

/** @throws `auth_invalid`, the same for what is gone and for what is another's */
function requireOwned(
  found: StoredCredential | null,
  { customerId, platform }: CredentialOwner,
): StoredCredential {
  if (found?.customerId === customerId && found.platform === platform) return found;
  throw new ImportError({
    kind: 'auth_invalid',
    source: 'credentials',
    publicMessage:
      'The credentials of this import are no longer stored. Start it again with credentials.',
  });
}

function toBinding({ customerId, platform, id }: CredentialOwner): readonly string[] {
  return [customerId, platform, id];
}

async function openSealed(sealer: Sealer, stored: StoredCredential): Promise<Credentials> {
  const plaintext = await sealer.open(stored.sealed, toBinding(stored));
  // What was sealed under this very binding was a Credentials object.
  return conceal(JSON.parse(plaintext) as Credentials);
}
