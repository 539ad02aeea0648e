import { z } from 'zod';
import { createGrainSandbox, type GrainSandbox } from '../../src/contexts/grain/grain.sandbox.ts';
import type { Fetch, FetchInit, FetchResponse } from '../../src/kit/fetch.ts';
import type { SandboxCall } from '../../src/kit/sandbox.ts';
import type { Chance } from './chance.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Gate } from './gate.ts';
import { shorten } from './gated-ports.ts';

/** An account at the platform, and what was true of it at the start. */
export interface PlatformAccount {
  readonly name: string;
  readonly sandbox: GrainSandbox;
  readonly truth: ReadonlyMap<string, SandboxCall>;
  /** Calls that were deleted at the platform while they were being imported. */
  readonly removed: ReadonlySet<string>;
  /** The key that works now. */
  readonly key: string;
  rotateKey(): void;
  remove(sourceCallId: string): void;
  readonly mediaOrigin: string;
  /** Its answer to a request, with what this platform gets wrong. */
  answer(url: URL, init: FetchInit): Promise<FetchResponse>;
}

export interface AccountOptions {
  readonly name: string;
  readonly calls: number;
  readonly seed: number;
  readonly pageSize: number;
  readonly createdAt: Date;
  readonly sandboxFaults: readonly string[];
  readonly nowMs: () => number;
  readonly faults: FaultPlan;
  readonly chance: Chance;
}

const sandboxKey = 'sandbox-key';

/** Creates an account over Grain's sandbox, in process. */
export function createPlatformAccount(options: AccountOptions): PlatformAccount {
  const { name, nowMs } = options;
  const mediaOrigin = `https://media-${name}.grain.example`;
  const sandbox = createGrainSandbox({
    calls: options.calls,
    seed: options.seed,
    now: () => new Date(nowMs()),
    createdAt: options.createdAt,
    pageSize: options.pageSize,
    faults: options.sandboxFaults,
    // One short clip each: what matters here is who stores it, how often and how whole.
    mediaBytes: 1,
    origin: () => 'https://api.grain.com',
    mediaOrigin: () => mediaOrigin,
  });
  const truth = new Map(sandbox.truth().map((call) => [call.sourceCallId, call]));
  const removed = new Set<string>();
  const answerList = createMoodyListing(options);
  let rotations = 0;
  return {
    ...{ name, sandbox, truth, removed, mediaOrigin },
    get key() {
      return `key-${name}-${String(rotations)}`;
    },
    rotateKey: () => {
      rotations += 1;
    },
    remove: (sourceCallId) => {
      removed.add(sourceCallId);
      sandbox.removeCall(sourceCallId);
    },
    answer: async (url, init) => {
      const isMedia = url.origin === mediaOrigin;
      if (!isMedia) {
        const trouble = drawTrouble(options);
        if (trouble) return trouble;
      }
      const send = async (body = init.body) => {
        const headers = { ...init.headers };
        if (headers['authorization']) headers['authorization'] = `Bearer ${sandboxKey}`;
        const { method } = init;
        return sandbox.fetch(
          new Request(url, { method, headers, redirect: 'manual', ...(body && { body }) }),
        );
      };
      if (isMedia) return distort(await send(), options);
      return url.pathname.endsWith('/v2/recordings') ? answerList(init.body, send) : send();
    },
  };
}

/** Answers that any request may get in place of its own; null: not this time. */
function drawTrouble({ faults, chance, nowMs }: AccountOptions): Response | null {
  if (nowMs() >= faults.endsAtMs) return null;
  if (chance.isLucky(faults.platform.serverErrorRate)) {
    return Response.json({ error: 'Internal server error' }, { status: 500 });
  }
  if (!chance.isLucky(faults.platform.limitRate)) return null;
  const headers = chance.isLucky(0.3) ? {} : { 'retry-after': String(chance.between(1, 40)) };
  return Response.json({ error: { message: 'Rate limit exceeded' } }, { status: 429, headers });
}

const Page = z.object({ cursor: z.string().nullable(), recordings: z.array(z.unknown()) });
const Asked = z.looseObject({ cursor: z.string().nullish() });

type Send = (body?: string) => Promise<Response>;

/** A listing that at times shows a page again, hands back the cursor it got, or has forgotten one. */
function createMoodyListing(options: AccountOptions) {
  const { faults, chance, nowMs } = options;
  let before: readonly unknown[] = [];
  let again = 0;
  return async (body: string | undefined, send: Send): Promise<Response> => {
    const asked = Asked.parse(JSON.parse(body ?? '{}'));
    const cursor = asked.cursor?.replace(/^again-\d+\./, '') ?? null;
    const isMoody = cursor !== null && nowMs() < faults.endsAtMs;
    const { repeatPageRate, repeatCursorRate, expireCursorRate } = faults.platform;
    if (isMoody && chance.isLucky(expireCursorRate)) {
      return Response.json({ errors: { detail: 'cursor: has expired' } }, { status: 400 });
    }
    if (isMoody && chance.isLucky(repeatPageRate)) {
      again += 1;
      return Response.json({ recordings: before, cursor: `again-${String(again)}.${cursor}` });
    }
    const response = await send(JSON.stringify({ ...asked, cursor }));
    if (response.status !== 200) return response;
    const page = Page.parse(await response.json());
    before = page.recordings;
    if (isMoody && chance.isLucky(repeatCursorRate)) {
      return Response.json({ ...page, cursor: asked.cursor });
    }
    return Response.json(page, { headers: response.headers });
  };
}

/** A recording that ends early, breaks off, or is longer than it said. */
function distort(response: Response, { faults, chance, nowMs }: AccountOptions): FetchResponse {
  const { status, headers } = response;
  if (nowMs() >= faults.endsAtMs || !response.body) return response;
  if (chance.isLucky(faults.platform.truncateRate)) {
    const body = truncated(response.body, {
      keptBytes: chance.between(0, 15_000),
      isReset: chance.isLucky(0.5),
    });
    return { status, headers, body };
  }
  if (!chance.isLucky(faults.platform.lengthenRate)) return response;
  return { status, headers, body: lengthened(response.body) };
}

async function* truncated(
  body: AsyncIterable<Uint8Array>,
  { keptBytes, isReset }: { readonly keptBytes: number; readonly isReset: boolean },
): AsyncGenerator<Uint8Array> {
  let leftBytes = keptBytes;
  for await (const chunk of body) {
    yield chunk.subarray(0, leftBytes);
    leftBytes -= chunk.byteLength;
    if (leftBytes <= 0) break;
  }
  if (isReset) throw connectionReset();
}

async function* lengthened(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* body;
  yield Buffer.from('and more');
}

function connectionReset(): Error {
  return Object.assign(new Error('The connection was reset.'), { code: 'ECONNRESET' });
}

/** The network as instances see it: each request finds its account by its key or its host. */
export function createNetwork(accounts: readonly PlatformAccount[], gate: Gate): Fetch {
  return (address, init) => {
    const url = new URL(address);
    const answer = async (): Promise<FetchResponse> => {
      const key = init.headers['authorization']?.replace('Bearer ', '');
      const account = accounts.find((one) => one.mediaOrigin === url.origin || one.key === key);
      if (account) return account.answer(url, init);
      return Response.json({ error: 'Invalid or missing access token' }, { status: 401 });
    };
    return gate({
      port: 'platform',
      step: `${init.method} ${toShownPath(url)}`,
      work: answer,
      refusal: connectionReset,
      signal: init.signal,
    });
  };
}

/** A link's token is random, as it is signed: it would make every run another. */
function toShownPath({ pathname }: URL): string {
  return pathname.startsWith('/media/') ? '/media' : shorten(pathname.replace('/_/public-api', ''));
}
