import { ImportError, toImportError } from '../errors.ts';
import type { Credentials } from '../imports/import-context.ts';
import type { Clock, CreateId, SealedSecret } from '../ports.ts';
import type {
  CredentialOwner,
  CredentialStore,
  RefreshLease,
  StoredCredential,
} from './credential-store.ts';
import { reveal } from './secret.ts';

/** Asks the platform for the credentials that follow these. */
export type ExchangeCredentials = (latest: Credentials) => Promise<Credentials>;

export interface RefreshParts {
  readonly store: Pick<CredentialStore, 'transact'>;
  readonly clock: Clock;
  readonly createId: CreateId;
  /** Waits so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
  /** As stored now, whatever is cached. @throws `auth_invalid` when it is gone */
  load(owner: CredentialOwner): Promise<StoredCredential>;
  seal(credentials: Credentials, owner: CredentialOwner): Promise<SealedSecret>;
  open(stored: StoredCredential): Promise<Credentials>;
}

export interface Refreshed {
  readonly stored: StoredCredential;
  readonly credentials: Credentials;
}

/** Longer than a token request and its storing may take: an exchange in progress is not repeated. */
const leaseMs = 60_000;
const pollMs = 500;
/** Whoever waits is a function that is paid for: beyond this it comes again. */
const maxWaitMs = 10_000;
const maxStoreAttempts = 6;
const firstStoreWaitMs = 200;

/**
 * Creates `Vault.refresh`. Callers of one process share an exchange, and with it its failure; between
 * processes the lease on the document lets one holder in, while the others look at what it stores.
 */
export function createRefresh(parts: RefreshParts) {
  const running = new Map<string, Promise<Refreshed>>();
  return (
    owner: CredentialOwner,
    stale: Credentials,
    exchange: ExchangeCredentials,
  ): Promise<Refreshed> => {
    const key = `${owner.id} ${reveal(stale)}`;
    const known = running.get(key);
    if (known) return known;
    const started = refresh(parts, { owner, stale, exchange }).finally(() => running.delete(key));
    running.set(key, started);
    return started;
  };
}

/** Whether both came from the same version: what `open` gives keeps the order of its fields. */
export function isSameCredentials(one: Credentials, other: Credentials): boolean {
  return reveal(one) === reveal(other);
}

interface RefreshRequest {
  readonly owner: CredentialOwner;
  readonly stale: Credentials;
  readonly exchange: ExchangeCredentials;
}

async function refresh(parts: RefreshParts, request: RefreshRequest): Promise<Refreshed> {
  const { clock, sleep } = parts;
  const giveUpAtMs = clock.now().getTime() + maxWaitMs;
  for (;;) {
    const stored = await parts.load(request.owner);
    const credentials = await parts.open(stored);
    if (!isSameCredentials(credentials, request.stale)) return { stored, credentials };
    const claim = await claimLease(parts, stored);
    const now = clock.now();
    if (claim.type === 'claimed' && mayExchange(claim.lease, now)) {
      return exchangeOnce(parts, request, claim);
    }
    if (claim.type !== 'held') continue;
    if (now.getTime() >= giveUpAtMs) throw stillHeld(claim.until, now);
    await sleep(pollMs);
  }
}

/** Whoever stood still since it took the lease must not send a refresh token that is another's by now. */
function mayExchange({ expiresAt }: RefreshLease, now: Date): boolean {
  return expiresAt.getTime() - now.getTime() > leaseMs / 2;
}

type LeaseClaim =
  | { readonly type: 'claimed'; readonly stored: StoredCredential; readonly lease: RefreshLease }
  /** Stored anew or destroyed since it was read: to be looked at again. */
  | { readonly type: 'changed' }
  | { readonly type: 'held'; readonly until: Date };

function claimLease(parts: RefreshParts, { id, version }: StoredCredential): Promise<LeaseClaim> {
  const now = parts.clock.now();
  const lease = { holder: parts.createId(), expiresAt: new Date(now.getTime() + leaseMs) };
  return parts.store.transact<LeaseClaim>(id, (found) => {
    if (found?.version !== version) return { credential: null, result: { type: 'changed' } };
    const { refreshLease: held } = found;
    // The commit whose answer was lost did happen: the lease is ours.
    const isOurs = held?.holder === lease.holder;
    if (held && !isOurs && held.expiresAt > now) {
      return { credential: null, result: { type: 'held', until: held.expiresAt } };
    }
    const stored = { ...found, refreshLease: lease };
    return { credential: stored, result: { type: 'claimed', stored, lease } };
  });
}

/**
 * A process that dies between the platform's answer and the store loses what it was given: the next
 * holder then tries the old refresh token, which some platforms take once more, and where this one
 * does not, the customer has to connect again. Hence nothing but the sealing comes in between.
 */
async function exchangeOnce(
  parts: RefreshParts,
  { owner, stale, exchange }: RefreshRequest,
  { stored, lease }: Extract<LeaseClaim, { type: 'claimed' }>,
): Promise<Refreshed> {
  let renewed: Credentials;
  try {
    renewed = await exchange(stale);
  } catch (error) {
    // A lease that can't be given back runs out by itself: what the platform said matters more.
    const current = await giveBack(parts, owner.id, lease).catch(() => null);
    // A holder that was slower than its lease has used the token up before us, and stored what it got.
    const isLate = current !== null && current.version !== stored.version;
    if (isLate) return { stored: current, credentials: await parts.open(current) };
    throw error;
  }
  return storeRenewed(parts, { owner, renewed, version: stored.version });
}

function giveBack(
  { store }: RefreshParts,
  id: string,
  lease: RefreshLease,
): Promise<StoredCredential | null> {
  return store.transact(id, (found) => {
    if (found?.refreshLease?.holder !== lease.holder) return { credential: null, result: found };
    const released = { ...found, refreshLease: null };
    return { credential: released, result: released };
  });
}

/**
 * Stores new tokens, again and again for some seconds: nobody else has them. The lease may have run
 * out meanwhile; what counts is that nobody has stored others, which are then the ones to use.
 */
async function storeRenewed(
  parts: RefreshParts,
  result: {
    readonly owner: CredentialOwner;
    readonly renewed: Credentials;
    readonly version: number;
  },
): Promise<Refreshed> {
  const { owner, renewed, version } = result;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const sealed = await parts.seal(renewed, owner);
      const stored = await parts.store.transact(owner.id, (found) => {
        if (found?.version !== version) return { credential: null, result: found };
        const next = { ...found, sealed, version: version + 1, refreshLease: null };
        return { credential: next, result: next };
      });
      // Destroyed while we asked, because the job ended: `load` says so.
      const current = stored ?? (await parts.load(owner));
      return { stored: current, credentials: await parts.open(current) };
    } catch (error) {
      if (attempt === maxStoreAttempts || !toImportError(error, 'credentials').retryable)
        throw error;
      await parts.sleep(firstStoreWaitMs * 2 ** (attempt - 1));
    }
  }
}

function stillHeld(until: Date, now: Date): ImportError {
  return new ImportError({
    kind: 'conflict',
    source: 'credentials',
    publicMessage: 'The access token is being renewed at this moment. It is tried again.',
    retryAfterMs: Math.max(until.getTime() - now.getTime(), pollMs),
  });
}
