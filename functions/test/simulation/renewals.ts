import { Timestamp } from 'firebase-admin/firestore';
import { z } from 'zod';
import type { Commit } from '../../local/store/stored-document.ts';
import { findToken } from './grant-tokens.ts';
import { findActor, findInstance, type Instance } from './instance.ts';

/*
 * The rules for tokens that are renewed: who may, and that nothing is lost of what the platform gave.
 * A grant whose refresh token was used up by an exchange that nobody could store is over, and only then.
 */

/** A request with tokens on its way. */
export interface Flight {
  /** The platform took a refresh token, and gave the one that follows; null: it stays the same. */
  exchanged(used: string, issued: string | null): void;
  /** The platform did not take it. */
  refused(token: string): void;
  /** Whoever sent the request has its answer. */
  arrived(): void;
}

/** What is known of every token. */
export interface Renewals {
  /** What is stored under this ciphertext, if it ever is. */
  sealed(ciphertext: string, plaintext: string): void;
  /** To be called for every commit, inside it. */
  see(commit: Commit): void;
  /** To be called by whoever sends a request, with all that it says. */
  send(text: string): Flight;
  /** How often the platforms took a refresh token. */
  readonly count: number;
  /** Grants that nobody can renew any more, because the tokens that followed are lost. */
  readonly lostGrants: number;
}

const Lease = z.object({ holder: z.string(), expiresAt: z.instanceof(Timestamp) });
const SeenCredential = z.object({
  sealed: z.object({ ciphertext: z.string() }),
  refreshLease: Lease.nullable(),
});
const StoppedJob = z.object({
  id: z.string(),
  status: z.enum(['failed', 'partial']),
  credential: z.object({ id: z.string() }),
  lastError: z.object({ kind: z.literal('auth_invalid'), message: z.string() }),
});

/** A credential as it is stored, and who last claimed its lease. */
interface Known {
  readonly secrets: string;
  readonly lease: z.infer<typeof Lease> | null;
  readonly claimedBy: string | null;
}

/** A refresh token that the platform has taken, and what became of the one that it gave. */
interface Exchange {
  readonly issued: string;
  readonly by: Instance | null;
  arrivedAtMs: number | null;
}

/** Creates the rules; nothing is known yet. */
export function createRenewals(world: {
  readonly nowMs: () => number;
  readonly violate: (rule: string, detail: string) => void;
  /** Whether the customer took these secrets back. */
  readonly isRevoked: (secrets: string) => boolean;
}): Renewals {
  const { nowMs, violate } = world;
  const plaintexts = new Map<string, string>();
  const credentials = new Map<string, Known>();
  /** Every token that was ever stored. */
  const stored = new Set<string>();
  const exchanges = new Map<string, Exchange>();
  const lost = new Set<string>();
  let count = 0;

  function seeCredential({ path, after }: Commit['changes'][number], timeMs: number): void {
    if (!after) return;
    const { sealed, refreshLease: lease } = SeenCredential.parse(after.data);
    const secrets = plaintexts.get(sealed.ciphertext) ?? '';
    for (const token of [findToken(secrets, 'access'), findToken(secrets, 'refresh')]) {
      if (token !== null) stored.add(token);
    }
    const earlier = credentials.get(path);
    const isClaim = lease !== null && lease.holder !== earlier?.lease?.holder;
    const isTaken = isClaim && (earlier?.lease?.expiresAt.toMillis() ?? 0) > timeMs;
    if (isTaken) violate('renewal_lease', `${findActor()} took the lease of ${path}`);
    const claimedBy = isClaim ? findActor() : (earlier?.claimedBy ?? null);
    credentials.set(path, { secrets, lease, claimedBy });
  }

  function seeJob({ after }: Commit['changes'][number]): void {
    const { data: job } = StoppedJob.safeParse(after?.data);
    if (!job) return;
    const { secrets = '' } = credentials.get(`importCredentials/${job.credential.id}`) ?? {};
    if (world.isRevoked(secrets)) return;
    const isLost = lost.has(findToken(secrets, 'refresh') ?? '');
    const isHelpful = /Ask the customer to connect .+ again/.test(job.lastError.message);
    if (isLost && isHelpful) return;
    const why = isLost ? 'does not say what to do' : 'gave up credentials that work';
    violate('auth_invalid', `job ${job.id} ${why}: ${job.lastError.message}`);
  }

  function checkSender(token: string): void {
    const holds = [...credentials.values()].some(
      ({ secrets, lease, claimedBy }) =>
        findToken(secrets, 'refresh') === token &&
        claimedBy === findActor() &&
        (lease?.expiresAt.toMillis() ?? 0) > nowMs(),
    );
    if (!holds) violate('renewal_lease', `${findActor()} renews without the lease`);
  }

  function checkRefusal(token: string): void {
    if (world.isRevoked(token)) return;
    const exchange = exchanges.get(token);
    if (!exchange) return violate('grant_lost', 'a refresh token that works was refused');
    // Late, but nothing is lost.
    if (stored.has(exchange.issued)) return;
    lost.add(token);
    if (isInterrupted(exchange)) return;
    violate('grant_lost', `${exchange.by?.name ?? 'nobody'} has the tokens and did not store them`);
  }

  return {
    get count() {
      return count;
    },
    get lostGrants() {
      return lost.size;
    },
    sealed: (ciphertext, plaintext) => void plaintexts.set(ciphertext, plaintext),
    see: ({ time, changes }) => {
      for (const change of changes) {
        const [collection, , inner] = change.path.split('/');
        if (collection === 'importCredentials') seeCredential(change, time.toMillis());
        if (collection === 'importJobs' && inner === undefined) seeJob(change);
      }
    },
    send: (text) => {
      const access = findToken(text, 'access');
      if (access !== null && !stored.has(access)) {
        violate('unstored_token', `${findActor()} uses a token that nobody has stored`);
      }
      const refresh = findToken(text, 'refresh');
      if (refresh !== null) checkSender(refresh);
      const by = findInstance();
      let exchange: Exchange | null = null;
      return {
        exchanged: (used, issued) => {
          count += 1;
          if (issued === null) return;
          exchange = { issued, by, arrivedAtMs: null };
          exchanges.set(used, exchange);
        },
        refused: checkRefusal,
        arrived: () => {
          if (exchange) exchange.arrivedAtMs = nowMs();
        },
      };
    },
  };
}

/** The answer was lost, or whoever got it died or stood still before it could store it. */
function isInterrupted({ by, arrivedAtMs }: Exchange): boolean {
  if (arrivedAtMs === null || by === null) return true;
  return by.isDead || by.frozenUntilMs > arrivedAtMs;
}
