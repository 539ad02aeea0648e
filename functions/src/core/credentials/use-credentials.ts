import type { Engine } from '../engine.ts';
import { ImportError } from '../errors.ts';
import { supports, type Credentials, type ImportContext } from '../imports/import-context.ts';
import type { CredentialOwner } from './credential-store.ts';
import type { ExchangeCredentials } from './refresh.ts';

/** An access token that works for less than this is renewed before it is used. */
const renewAheadMs = 120_000;
/** What is rejected so soon after it was renewed was not old: another one would not be better. */
const newMs = 60_000;
/** Work that outlasts so many tokens comes again: what it has stored need not be done again. */
const maxRenewals = 3;

type Parts = Pick<Engine, 'vault' | 'clock' | 'logs'>;

interface Target {
  readonly owner: CredentialOwner;
  readonly context: ImportContext;
}

/**
 * Runs `use` with the credentials opened. Where they can be renewed they are: shortly before they
 * expire, and when the platform rejects them, unless they were new. Then `use` runs again: what it did
 * before must bear repeating.
 * @throws `auth_invalid` when they were destroyed or the customer has to connect again
 */
export async function useCredentials<T>(
  engine: Parts,
  target: Target,
  use: (credentials: Credentials) => Promise<T>,
): Promise<T> {
  const opened = await engine.vault.open(target.owner);
  let current = await renewInTime(engine, target, opened);
  let renewedAtMs = Number.NEGATIVE_INFINITY;
  for (let renewals = 0; ; renewals += 1) {
    try {
      return await use(current);
    } catch (error) {
      const renewal = isAuthInvalid(error) ? findRenewal(target, current) : null;
      const nowMs = engine.clock.now().getTime();
      // Somebody else may have renewed it long ago: then it has ended since we got it.
      const hasEnded = renewal?.expiresAt != null && renewal.expiresAt.getTime() <= nowMs;
      const wasNew = nowMs - renewedAtMs < newMs && !hasEnded;
      if (!renewal || wasNew) throw error;
      if (renewals === maxRenewals) throw endsTooSoon(error);
      current = await renew(engine, target, { stale: current, exchange: renewal.exchange });
      renewedAtMs = engine.clock.now().getTime();
    }
  }
}

function endsTooSoon(cause: unknown): ImportError {
  return new ImportError({
    kind: 'conflict',
    source: 'credentials',
    publicMessage: 'The access token ended in the middle, again and again. It is tried again.',
    cause,
  });
}

function isAuthInvalid(error: unknown): boolean {
  return error instanceof ImportError && error.kind === 'auth_invalid';
}

interface Renewal {
  readonly expiresAt: Date | null;
  readonly exchange: ExchangeCredentials;
}

function findRenewal({ context }: Target, credentials: Credentials): Renewal | null {
  if (!supports(context, 'findRenewal', 'refreshCredentials')) return null;
  const found = context.findRenewal(credentials);
  return found && { ...found, exchange: (latest) => context.refreshCredentials(latest) };
}

async function renewInTime(
  engine: Parts,
  target: Target,
  opened: Credentials,
): Promise<Credentials> {
  const renewal = findRenewal(target, opened);
  const expiresAt = renewal?.expiresAt ?? null;
  if (!renewal || !expiresAt) return opened;
  if (expiresAt.getTime() - engine.clock.now().getTime() > renewAheadMs) return opened;
  try {
    return await renew(engine, target, { stale: opened, exchange: renewal.exchange });
  } catch (error) {
    // During an outage the token works for a little longer. A grant that is over is asked for no more:
    // each call would ask again, at an endpoint whose limit all customers share.
    if (!isAuthInvalid(error) && expiresAt > engine.clock.now()) return opened;
    throw error;
  }
}

function renew(
  { vault, logs }: Parts,
  { owner }: Target,
  { stale, exchange }: { readonly stale: Credentials; readonly exchange: ExchangeCredentials },
): Promise<Credentials> {
  const { id: credentialId, customerId, platform } = owner;
  return vault.refresh(owner, stale, async (latest) => {
    const renewed = await exchange(latest);
    logs.credentialsRenewed({ credentialId, customerId, platform });
    return renewed;
  });
}
