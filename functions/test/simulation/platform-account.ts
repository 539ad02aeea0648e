import { sandboxGrant, sandboxes } from '../../src/contexts/testing/sandboxes.ts';
import { toMediaOrigin } from '../../src/contexts/testing/sandbox-media-route.ts';
import { platformRows } from '../../src/contexts/registry.ts';
import type { Platform } from '../../src/core/imports/import-context.ts';
import type { FetchResponse } from '../../src/kit/fetch.ts';
import type { PlatformSandbox, SandboxCall } from '../../src/kit/sandbox.ts';
import { createGrants } from './account-grants.ts';
import { createKeySecrets, type AccountSecrets, type SentRequest } from './account-secrets.ts';
import type { Chance } from './chance.ts';
import type { FaultPlan } from './fault-plan.ts';
import { connectionReset } from './gated-ports.ts';

/** An account at a platform, and what was true of it at the start. */
export interface PlatformAccount {
  readonly name: string;
  readonly platform: Platform;
  readonly sandbox: PlatformSandbox;
  readonly truth: ReadonlyMap<string, SandboxCall>;
  /** Calls that were deleted at the platform while they were being imported. */
  readonly removed: ReadonlySet<string>;
  readonly secrets: AccountSecrets;
  /** Requests beyond the limit, where we could have known it. */
  readonly limitHits: number;
  remove(sourceCallId: string): void;
  readonly mediaOrigin: string;
  /** Its answer, with what this platform gets wrong. */
  answer(sent: SentRequest): Promise<FetchResponse>;
}

export interface AccountOptions {
  /** Lower-case letters and digits. */
  readonly name: string;
  readonly platform: Platform;
  readonly calls: number;
  readonly seed: number;
  readonly pageSize: number;
  /** How long an access token works; null: the account has a key. */
  readonly tokenLifeMs: number | null;
  readonly createdAt: Date;
  readonly sandboxFaults: readonly string[];
  readonly nowMs: () => number;
  readonly faults: FaultPlan;
  readonly chance: Chance;
}

/** A platform that has a sandbox, and what it lets customers in by. */
export interface SimulatedPlatform {
  readonly platform: Platform;
  readonly takesKey: boolean;
  readonly takesTokens: boolean;
}

/** Every platform that can be simulated. */
export const simulatedPlatforms: readonly SimulatedPlatform[] = platformRows()
  .filter(({ platform }) => sandboxes[platform])
  .map(({ platform, auth }) => ({
    platform,
    takesKey: auth === 'api_key',
    takesTokens: sandboxGrant(platform) !== null,
  }));

/** Creates an account over the platform's sandbox, in process. */
export function createPlatformAccount(options: AccountOptions): PlatformAccount {
  const { name, platform, nowMs, faults, chance } = options;
  const origin = `https://${name}.sandbox.example`;
  const mediaOrigin = toMediaOrigin(origin);
  // The sandbox looks at its faults anew for each request.
  const sandboxFaults = [...options.sandboxFaults];
  const sandbox = requireSandbox(platform)({
    ...{ calls: options.calls, seed: options.seed, pageSize: options.pageSize },
    ...{ createdAt: options.createdAt, now: () => new Date(nowMs()), origin: () => origin },
    faults: sandboxFaults,
    // One short clip each: what matters here is who stores it, how often and how whole.
    mediaBytes: 1,
  });
  const truth = new Map(sandbox.truth().map((call) => [call.sourceCallId, call]));
  const removed = new Set<string>();
  const isFaulty = () => nowMs() < faults.endsAtMs;
  sandbox.repeatCalls?.(() =>
    isFaulty() && chance.isLucky(faults.platform.repeatPageRate)
      ? chance.between(1, options.pageSize)
      : 0,
  );
  const secrets = createSecrets(options, sandbox);
  const ask = (sent: SentRequest): Promise<Response> =>
    secrets.ask(sent, async (request) => sandbox.fetch(request));
  return {
    ...{ name, platform, sandbox, truth, removed, mediaOrigin, secrets },
    get limitHits() {
      return secrets.areUnrelated ? 0 : sandbox.limitHits;
    },
    remove: (sourceCallId) => {
      removed.add(sourceCallId);
      sandbox.removeCall(sourceCallId);
    },
    answer: async (sent) => {
      if (sent.url.origin === mediaOrigin) return distort(await ask(sent), options);
      const trouble = drawTrouble(options);
      if (trouble) return trouble;
      const moods = isFaulty() ? drawMoods(options) : [];
      sandboxFaults.push(...moods);
      try {
        return await ask(sent);
      } finally {
        for (const mood of moods) sandboxFaults.splice(sandboxFaults.lastIndexOf(mood), 1);
      }
    },
  };
}

function requireSandbox(platform: Platform) {
  const create = sandboxes[platform];
  if (!create) throw new Error(`There is no sandbox of ${platform}.`);
  return create;
}

function createSecrets(
  { name: account, platform, tokenLifeMs: lifeMs, nowMs, chance, faults }: AccountOptions,
  { tokens }: PlatformSandbox,
): AccountSecrets {
  if (lifeMs === null) return createKeySecrets({ account, platform });
  if (!tokens) throw new Error(`The sandbox of ${platform} gives no tokens.`);
  const losesAnswer = () =>
    nowMs() < faults.endsAtMs && chance.isLucky(faults.platform.loseTokensRate);
  return createGrants({ account, platform, tokens, lifeMs, nowMs, chance, losesAnswer });
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

/** What a listing may do to this request: hand back the cursor that it got, or have forgotten it. */
function drawMoods({ faults, chance }: AccountOptions): readonly string[] {
  const { repeatCursorRate, expireCursorRate } = faults.platform;
  return [
    ...(chance.isLucky(repeatCursorRate) ? ['repeated-cursor?', 'repeated-page?'] : []),
    ...(chance.isLucky(expireCursorRate) ? ['expired-cursors:1?'] : []),
  ];
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
