import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { toDigestKey } from '../digest-key.ts';
import type { CreateId } from '../ports.ts';

/** An answer as it was given, to be given again. */
const Kept = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  /** Null: the answer holds something secret and is not kept; the request is done again for it. */
  body: z.string().nullable(),
});
export type KeptAnswer = z.infer<typeof Kept>;

/**
 * What is remembered of a request with an idempotency key: `idempotencyKeys/{id}`. Neither the key
 * nor the body is stored: the id is a digest of the key, and the body's digest is keyed with it.
 */
export const IdempotencyRecord = z.object({
  id: z.string(),
  bodyDigest: z.string(),
  /** What is created under the key takes its ids from this, so that a repeat finds it. */
  seed: z.string(),
  /** Who works on the request, and until when nobody else does; null: nobody does. */
  holder: z.string(),
  heldUntil: z.date().nullable(),
  answer: Kept.nullable(),
  /** From then on the key is new again; Firestore deletes the record some time later. */
  expiresAt: z.date(),
});
export type IdempotencyRecord = z.infer<typeof IdempotencyRecord>;

/** Records by id. @throws `unavailable` while the store does not answer */
export interface IdempotencyStore {
  /** Decides in a transaction: `decide` may run several times, and on its own result. Null writes nothing. */
  transact<T>(
    id: string,
    decide: (found: IdempotencyRecord | null) => {
      readonly record: IdempotencyRecord | null;
      readonly result: T;
    },
  ): Promise<T>;
}

/** A request as far as it makes it the same request. */
export interface KeyedRequest {
  readonly key: string;
  readonly callerId: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: string;
}

export type KeyClaim =
  /** This request does the work; what it creates takes its ids from `seed`. */
  | { readonly type: 'run'; readonly seed: string }
  | { readonly type: 'replay'; readonly answer: KeptAnswer; readonly seed: string }
  | { readonly type: 'reused' }
  | { readonly type: 'running'; readonly retryAfterMs: number };

const keptMs = 24 * 3_600_000;
/** A request ends within this, or its process has died. */
const requestMs = 120_000;
/** Most requests take seconds: there is no need to wait for the whole of `requestMs`. */
const retryAfterMs = 3_000;

/** The id of a request's record: another caller, method or path makes it another. */
export function toRecordId({ key, callerId, method, path }: KeyedRequest): string {
  return toDigestKey([callerId, method, path, key]);
}

/** Tells bodies apart without telling anything of them to whoever does not know the key. */
export function toBodyDigest({ key, body }: KeyedRequest): string {
  return createHmac('sha256', key).update(body).digest('hex');
}

/**
 * Who comes first works on the request; a repeat gets the first answer, or has to wait for it. The
 * work of a request that died is taken up by a repeat when its time is over, with the same seed.
 */
export function claimKey(
  found: IdempotencyRecord | null,
  request: {
    readonly id: string;
    readonly bodyDigest: string;
    readonly holder: string;
    readonly seed: string;
    readonly now: Date;
  },
): { readonly record: IdempotencyRecord | null; readonly result: KeyClaim } {
  const { id, bodyDigest, holder, now } = request;
  const known = found && found.expiresAt > now ? found : null;
  const heldUntil = new Date(now.getTime() + requestMs);
  if (!known) {
    const { seed } = request;
    const expiresAt = new Date(now.getTime() + keptMs);
    const record = { id, bodyDigest, seed, holder, heldUntil, answer: null, expiresAt };
    return { record, result: { type: 'run', seed } };
  }
  const { seed, answer } = known;
  if (known.bodyDigest !== bodyDigest) return { record: null, result: { type: 'reused' } };
  if (answer) return { record: null, result: { type: 'replay', answer, seed } };
  // The commit whose answer was lost did happen: the work is ours.
  if (known.holder === holder) return { record: null, result: { type: 'run', seed } };
  if (known.heldUntil && known.heldUntil > now) {
    return { record: null, result: { type: 'running', retryAfterMs } };
  }
  return { record: { ...known, holder, heldUntil }, result: { type: 'run', seed } };
}

export type KeyOutcome =
  /** The answer stands, for a day. */
  | { readonly type: 'keep'; readonly answer: KeptAnswer }
  /** It may work another time: a repeat tries again. */
  | { readonly type: 'release' }
  /** Nothing was done: the key may be used again, with another body too. */
  | { readonly type: 'forget' };

/** The record once its request is through; null when another request has taken the work up meanwhile. */
export function settleKey(
  found: IdempotencyRecord | null,
  done: { readonly holder: string; readonly outcome: KeyOutcome; readonly now: Date },
): IdempotencyRecord | null {
  const { holder, outcome, now } = done;
  if (!found || found.holder !== holder || found.answer) return null;
  const free = { ...found, heldUntil: null };
  switch (outcome.type) {
    case 'keep':
      return { ...free, answer: outcome.answer };
    case 'release':
      return free;
    case 'forget':
      return { ...free, expiresAt: now };
  }
}

/** The same ids in the same order for the same seed: 20 characters of [a-z2-7]. */
export function createSeededIds(seed: string): CreateId {
  let count = 0;
  return () => {
    count += 1;
    return toDigestKey([seed, String(count)]).slice(0, 20);
  };
}
