import { createTestSealer } from '../../../test/support/engine/test-sealer.ts';
import { createScriptedContext } from '../../../test/support/engine/scripted-context.ts';
import { createRecordedLogs } from '../../../test/support/engine/recorded-logs.ts';
import { createFakeClock } from '../../contexts/testing/fake-clock.ts';
import { ImportError } from '../errors.ts';
import type { Credentials, ImportContext } from '../imports/import-context.ts';
import { createMemoryCredentials } from '../testing/memory-credentials.ts';
import { useCredentials } from './use-credentials.ts';
import { createVault } from './vault.ts';

const minuteMs = 60_000;
const rejected = new ImportError({
  kind: 'auth_invalid',
  source: 'fathom',
  publicMessage: 'The platform rejects the token.',
});

/** A platform whose tokens are numbered and work for so long. */
async function openWorld(options: { readonly lifeMs: number; readonly tellsExpiry: boolean }) {
  const clock = createFakeClock('2026-03-02T12:00:00.000Z');
  const ends = new Map([[0, clock.now().getTime() + options.lifeMs]]);
  const toCredentials = (token: number): Credentials => ({ token, ends: ends.get(token) });
  const refreshCredentials = async ({ token }: Credentials): Promise<Credentials> => {
    const next = Number(token) + 1;
    ends.set(next, clock.now().getTime() + options.lifeMs);
    return toCredentials(next);
  };
  const context: ImportContext = {
    ...createScriptedContext({ calls: 0 }),
    findRenewal: ({ ends: at }) => ({
      expiresAt: options.tellsExpiry ? new Date(Number(at)) : null,
    }),
    refreshCredentials,
  };
  const { store } = createMemoryCredentials();
  const sealer = createTestSealer();
  const openEngine = () => {
    const createId = () => 'credential-1';
    const parts = { store, sealer, clock, createId, sleep: clock.sleep, cacheMs: 60 * minuteMs };
    return { clock, logs: createRecordedLogs().logs, vault: createVault(parts) };
  };
  const engine = openEngine();
  const owner = { customerId: 'customer-1', platform: 'fathom' as const };
  const id = await engine.vault.keep({ ...owner, type: 'stored', credentials: toCredentials(0) });
  const target = { owner: { ...owner, id }, context };
  const tokens: number[] = [];
  /** Work that takes so long, and whose token must be good at its end. */
  const work =
    (ms: number) =>
    async ({ token }: Credentials) => {
      tokens.push(Number(token));
      clock.advance(ms);
      if (clock.now().getTime() > (ends.get(Number(token)) ?? 0)) throw rejected;
      return 'done';
    };
  return { engine, openEngine, target, work, tokens, clock };
}

describe('using credentials', () => {
  it('renews a token that somebody else had renewed, where it has ended since', async () => {
    const world = await openWorld({ lifeMs: 5 * minuteMs, tellsExpiry: true });
    const other = world.openEngine();
    await other.vault.open(world.target.owner);
    world.clock.advance(5 * minuteMs);
    await useCredentials(world.engine, world.target, world.work(0));
    // The other instance still has the first token in mind, and the second one ends while it works.
    world.clock.advance(4.9 * minuteMs);
    let works = 0;
    const done = await useCredentials(other, world.target, (credentials) => {
      works += 1;
      return world.work(works === 1 ? 0.2 * minuteMs : 0)(credentials);
    });
    expect(done).toBe('done');
    expect(world.tokens).toEqual([1, 1, 2]);
  });

  it('does not renew what is rejected although it is new', async () => {
    const world = await openWorld({ lifeMs: 5 * minuteMs, tellsExpiry: false });
    let works = 0;
    const using = useCredentials(world.engine, world.target, async () => {
      works += 1;
      throw rejected;
    });
    await expect(using).rejects.toBe(rejected);
    expect(works).toBe(2);
  });

  it('gives up for now what outlasts one token after the other', async () => {
    const world = await openWorld({ lifeMs: 5 * minuteMs, tellsExpiry: false });
    const using = useCredentials(world.engine, world.target, world.work(6 * minuteMs));
    await expect(using).rejects.toMatchObject({
      ...{ kind: 'conflict', source: 'credentials', retryable: true },
      publicMessage: 'The access token ended in the middle, again and again. It is tried again.',
    });
    expect(world.tokens).toEqual([0, 1, 2, 3]);
  });
});
