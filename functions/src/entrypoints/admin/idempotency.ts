import type { Context, MiddlewareHandler } from 'hono';
import { z } from 'zod';
import {
  claimKey,
  createSeededIds,
  settleKey,
  toBodyDigest,
  toRecordId,
  type IdempotencyRecord,
  type KeptAnswer,
  type KeyClaim,
  type KeyOutcome,
} from '../../core/idempotency/idempotency-record.ts';
import type { AdminEnv, AdminServices } from './admin-env.ts';
import { badRequest, ProblemError } from './problem.ts';

/** As the OpenAPI document has it. */
export const keyPattern = /^[\x21-\x7e]{1,255}$/;

/**
 * Makes a POST with an `Idempotency-Key` happen once: a repeat within 24 hours gets the first
 * answer, marked `Idempotency-Replayed`. A request that died is done again by its repeat, which finds
 * what the first one had created by the ids that both take from the key's record.
 */
export function answerOnce({ app, engine }: AdminServices): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    const key = c.req.header('idempotency-key');
    if (c.req.method !== 'POST' || key === undefined) return next();
    const keyed = await readKeyed(c, key);
    const { idempotencyKeys } = await engine();
    const holder = app.createId();
    const seed = app.createId();
    const claim = await idempotencyKeys.transact<KeyClaim>(keyed.id, (found) =>
      claimKey(found, { ...keyed, holder, seed, now: app.clock.now() }),
    );
    if (claim.type === 'reused') throw reused();
    if (claim.type === 'running') throw stillRunning(claim.retryAfterMs);
    c.set('createId', createSeededIds(claim.seed));
    if (claim.type === 'replay') return replay(c, next, claim.answer);
    await next();
    const outcome = await toOutcome(c);
    try {
      await idempotencyKeys.transact(keyed.id, (found) => {
        const record = settleKey(found, { holder, outcome, now: app.clock.now() });
        return { record, result: null };
      });
    } catch (cause) {
      // The work is done: its answer is worth more than its record, whose lease runs out.
      app.logs.answerNotKept({ requestId: c.get('requestId'), path: c.req.path, cause });
    }
  };
}

async function readKeyed(
  c: Context<AdminEnv>,
  key: string,
): Promise<Pick<IdempotencyRecord, 'id' | 'bodyDigest'>> {
  if (!keyPattern.test(key)) {
    throw badRequest('The idempotency key is not right.', [
      { pointer: 'Idempotency-Key', detail: 'must be 1 to 255 visible ASCII characters' },
    ]);
  }
  const { search } = new URL(c.req.url);
  const { id: callerId } = c.get('caller');
  const request = { key, callerId, method: 'POST', path: `${c.req.path}${search}` };
  const keyed = { ...request, body: await c.req.text() };
  return { id: toRecordId(keyed), bodyDigest: toBodyDigest(keyed) };
}

const keptHeaders = ['content-type', 'location'];

/** An answer that was not kept is made anew, with the same ids. */
async function replay(
  c: Context<AdminEnv>,
  next: () => Promise<void>,
  { status, headers, body }: KeptAnswer,
): Promise<Response | void> {
  if (body !== null) {
    return new Response(body, { status, headers: { ...headers, ...replayed } });
  }
  await next();
  for (const [name, value] of Object.entries(replayed)) c.header(name, value);
}

const replayed = { 'Idempotency-Replayed': 'true' };

const Retryable = z.object({ retryable: z.boolean() });

/** Refusals before anything was done: the same request may be good once what is wrong is mended. */
const untouched = new Set([400, 401, 403, 404, 405, 413, 415]);

/** What may work another time is not kept, nor is a refusal that touched nothing. */
async function toOutcome(c: Context<AdminEnv>): Promise<KeyOutcome> {
  const { status, headers } = c.res;
  if (untouched.has(status)) return { type: 'forget' };
  const text = await c.res.clone().text();
  const isPassing = status >= 400 && Retryable.safeParse(JSON.parse(text)).data?.retryable;
  if (status >= 500 || isPassing) return { type: 'release' };
  const kept = keptHeaders.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const body = c.get('hasSecretAnswer') ? null : text;
  return { type: 'keep', answer: { status, headers: Object.fromEntries(kept), body } };
}

function reused(): ProblemError {
  return new ProblemError('idempotency_key_reused', {
    detail: 'This Idempotency-Key was sent with another body within the last 24 hours.',
  });
}

function stillRunning(retryAfterMs: number): ProblemError {
  return new ProblemError('idempotency_key_in_use', {
    detail: 'The first request with this Idempotency-Key has not been answered yet.',
    headers: { 'Retry-After': String(Math.ceil(retryAfterMs / 1000)) },
  });
}
