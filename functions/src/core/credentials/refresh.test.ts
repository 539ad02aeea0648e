import { createTestSealer } from '../../../test/support/engine/test-sealer.ts';
import { createFakeClock } from '../../contexts/testing/fake-clock.ts';
import { ImportError } from '../errors.ts';
import type { Credentials } from '../imports/import-context.ts';
import type { Sealer } from '../ports.ts';
import { createMemoryCredentials } from '../testing/memory-credentials.ts';
import type { CredentialStore } from './credential-store.ts';
import { createVault } from './vault.ts';

const owner = { customerId: 'customer-1', platform: 'fathom' } as const;
const first = { accessToken: 'access-0', refreshToken: 'refresh-0' };
const second = { accessToken: 'access-1', refreshToken: 'refresh-1' };

const revoked = {
  kind: 'auth_invalid',
  source: 'fathom',
  publicMessage: 'The refresh token was used up. Connect Fathom again.',
} as const;

function unavailable() {
  return new ImportError({
    kind: 'unavailable',
    source: 'test',
    publicMessage: 'The connection was reset.',
  });
}

/** A platform whose refresh tokens work once; a forgiving one takes the last again until its successor is used. */
function createPlatform(options: { readonly isForgiving?: boolean } = {}) {
  let issued = 0;
  const exchanged: Credentials[] = [];
  const exchange = async (latest: Credentials): Promise<Credentials> => {
    exchanged.push(latest);
    const isLast = latest['refreshToken'] === `refresh-${issued}`;
    const isForgiven = options.isForgiving && latest['refreshToken'] === `refresh-${issued - 1}`;
    if (!isLast && !isForgiven) throw new ImportError(revoked);
    if (isLast) issued += 1;
    return { accessToken: `access-${issued}`, refreshToken: `refresh-${issued}` };
  };
  return { exchange, exchanged };
}

/** Stands before every awaited call of an instance's parts. */
type Intercept = <T>(name: string, run: () => Promise<T>) => Promise<T>;
const untouched: Intercept = (_name, run) => run();

/** Instances of the engine over one database. */
function openDatabase() {
  const { store, stored, reads } = createMemoryCredentials();
  const sealer = createTestSealer();
  const clock = createFakeClock('2026-03-02T12:00:00.000Z');
  let ids = 0;
  const openInstance = (intercept: Intercept = untouched) =>
    createVault({
      store: interceptStore(store, intercept),
      sealer: interceptSealer(sealer, intercept),
      ...{ clock, sleep: clock.sleep, cacheMs: 60_000 },
      createId: () => `id-${(ids += 1)}`,
    });
  const keep = async () => {
    const vault = openInstance();
    const id = await vault.keep({ ...owner, type: 'one_off', credentials: first });
    return { id, ...owner };
  };
  return { stored, reads, clock, openInstance, keep };
}

function interceptStore(store: CredentialStore, intercept: Intercept): CredentialStore {
  return {
    ...store,
    get: (id) => intercept('store.get', () => store.get(id)),
    transact: (id, decide) => intercept('store.transact', () => store.transact(id, decide)),
  };
}

function interceptSealer(sealer: Sealer, intercept: Intercept): Sealer {
  return {
    ...sealer,
    seal: (...args) => intercept('sealer.seal', () => sealer.seal(...args)),
    open: (...args) => intercept('sealer.open', () => sealer.open(...args)),
  };
}

describe('refreshing credentials', () => {
  it('stores what the platform gave, and gives it to everyone who asks', async () => {
    const { stored, openInstance, keep } = openDatabase();
    const credential = await keep();
    const vault = openInstance();
    const { exchange, exchanged } = createPlatform();

    expect(await vault.refresh(credential, first, exchange)).toEqual(second);

    expect(exchanged).toEqual([first]);
    expect(await vault.open(credential)).toEqual(second);
    expect(await openInstance().open(credential)).toEqual(second);
    expect(stored.get(credential.id)).toMatchObject({ version: 2, refreshLease: null });
    expect(JSON.stringify([...stored])).not.toMatch(/access-1|refresh-1/);
  });

  it('asks the platform once for all who ask at the same time in one process', async () => {
    const { openInstance, keep } = openDatabase();
    const credential = await keep();
    const vault = openInstance();
    const { exchange, exchanged } = createPlatform();

    const both = [0, 1].map(() => vault.refresh(credential, first, exchange));

    expect(await Promise.all(both)).toEqual([second, second]);
    expect(exchanged).toHaveLength(1);
  });

  it('takes what another instance has stored since, without asking the platform', async () => {
    const { openInstance, keep } = openDatabase();
    const credential = await keep();
    const { exchange, exchanged } = createPlatform();
    const here = openInstance();
    const there = openInstance();
    const stale = await there.open(credential);
    await here.refresh(credential, first, exchange);

    expect(await there.refresh(credential, stale, exchange)).toEqual(second);
    expect(exchanged).toHaveLength(1);
    expect(await there.open(credential)).toEqual(second);
  });

  it('sends no refresh token after it stood still for as long as its lease', async () => {
    const { clock, openInstance, keep } = openDatabase();
    const credential = await keep();
    const { exchange, exchanged } = createPlatform();
    let stands = true;
    const slow = openInstance(async (name, run) => {
      const result = await run();
      if (stands && name === 'store.transact') {
        stands = false;
        clock.advance(61_000);
        await openInstance().refresh(credential, first, exchange);
      }
      return result;
    });

    expect(await slow.refresh(credential, first, exchange)).toEqual(second);
    expect(exchanged).toEqual([first]);
  });

  it('waits while another instance asks, and takes what that one stores', async () => {
    const { clock, openInstance, keep } = openDatabase();
    const credential = await keep();
    const { exchange, exchanged } = createPlatform();
    const answer = Promise.withResolvers<void>();
    const here = openInstance();
    const there = openInstance();
    const asking = here.refresh(credential, first, async (latest) => {
      await answer.promise;
      return exchange(latest);
    });
    await new Promise((resolve) => setImmediate(resolve));

    const waiting = there.refresh(credential, first, exchange);
    while (clock.slept.length === 0) await new Promise((resolve) => setImmediate(resolve));
    answer.resolve();

    expect(await Promise.all([asking, waiting])).toEqual([second, second]);
    expect(exchanged).toHaveLength(1);
  });

  it('waits ten seconds at most, and says when to come again', async () => {
    const { clock, openInstance, keep } = openDatabase();
    const credential = await keep();
    const never = new Promise<Credentials>(() => undefined);
    void openInstance().refresh(credential, first, () => never);
    await new Promise((resolve) => setImmediate(resolve));

    await expect(openInstance().refresh(credential, first, () => never)).rejects.toMatchObject({
      kind: 'conflict',
      source: 'credentials',
      retryAfterMs: 50_000,
      publicMessage: 'The access token is being renewed at this moment. It is tried again.',
    });
    expect(clock.now()).toEqual(new Date('2026-03-02T12:00:10.000Z'));
  });

  it('says that the platform refused, leaves what is stored, and lets the next one ask', async () => {
    const { stored, openInstance, keep } = openDatabase();
    const credential = await keep();
    const { exchange } = createPlatform();
    await exchange(first);

    const vault = openInstance();
    const both = [0, 1].map(() => vault.refresh(credential, first, exchange));
    for (const one of both) await expect(one).rejects.toMatchObject(revoked);
    expect(stored.get(credential.id)).toMatchObject({ version: 1, refreshLease: null });
    await expect(openInstance().refresh(credential, first, exchange)).rejects.toMatchObject(
      revoked,
    );
  });

  it('says what the platform said even when the lease can’t be given back', async () => {
    const { openInstance, keep } = openDatabase();
    const credential = await keep();
    const { exchange } = createPlatform();
    await exchange(first);
    let transactions = 0;
    const vault = openInstance((name, run) => {
      if (name === 'store.transact') transactions += 1;
      return transactions === 2 ? Promise.reject(unavailable()) : run();
    });
    await expect(vault.refresh(credential, first, exchange)).rejects.toMatchObject(revoked);
  });

  it('takes what a slow holder stored although its lease had run out, when its own try is refused', async () => {
    const { clock, openInstance, keep } = openDatabase();
    const credential = await keep();
    const { exchange } = createPlatform();
    const answer = Promise.withResolvers<void>();
    const slow = openInstance().refresh(credential, first, async (latest) => {
      const given = await exchange(latest);
      await answer.promise;
      return given;
    });
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(60_001);

    const next = openInstance().refresh(credential, first, async (latest) => {
      answer.resolve();
      await slow;
      return exchange(latest);
    });

    expect(await next).toEqual(second);
    expect(await openInstance().open(credential)).toEqual(second);
  });

  it('stores again and again while the database does not answer, for nobody else has the tokens', async () => {
    const { clock, openInstance, keep } = openDatabase();
    const credential = await keep();
    const { exchange } = createPlatform();
    let failures = 0;
    const vault = openInstance((name, run) => {
      if (name !== 'sealer.seal' || failures === 5) return run();
      failures += 1;
      return Promise.reject(unavailable());
    });

    expect(await vault.refresh(credential, first, exchange)).toEqual(second);
    expect(clock.slept).toEqual([200, 400, 800, 1_600, 3_200]);
  });

  it('gives up when the database does not answer for long', async () => {
    const { openInstance, keep } = openDatabase();
    const credential = await keep();
    const { exchange } = createPlatform();
    const vault = openInstance((name, run) =>
      name === 'sealer.seal' ? Promise.reject(unavailable()) : run(),
    );
    await expect(vault.refresh(credential, first, exchange)).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });

  it('brings nothing back that was destroyed meanwhile', async () => {
    const { stored, clock, openInstance, keep } = openDatabase();
    const credential = await keep();
    const vault = openInstance();
    const { exchange } = createPlatform();
    const refreshed = vault.refresh(credential, first, async (latest) => {
      await openInstance().destroy(credential.id);
      return exchange(latest);
    });
    await expect(refreshed).rejects.toMatchObject({ kind: 'auth_invalid', source: 'credentials' });
    expect(stored.size).toBe(0);
    expect(clock.slept).toEqual([]);
  });

  it('says that there is nothing when it is destroyed before it begins', async () => {
    const { openInstance, keep } = openDatabase();
    const credential = await keep();
    const { exchange, exchanged } = createPlatform();
    const vault = openInstance(async (name, run) => {
      const result = await run();
      if (name === 'sealer.open') await openInstance().destroy(credential.id);
      return result;
    });
    await expect(vault.refresh(credential, first, exchange)).rejects.toMatchObject({
      kind: 'auth_invalid',
      source: 'credentials',
    });
    expect(exchanged).toEqual([]);
  });
});

/** Where an instance meets its end. */
interface Crash {
  readonly name: string;
  readonly occurrence: number;
  readonly side: 'before' | 'after';
  readonly way: 'throws' | 'dies';
}

/** Lets an instance run until `crash`; `seen` learns of every awaited call. */
function crashing(crash: Crash | null, seen: string[], onDeath: () => void): Intercept {
  let isDead = false;
  const never = <T>() => new Promise<T>(() => undefined);
  const meet = <T>(): Promise<T> => {
    if (crash?.way === 'throws') return Promise.reject(unavailable());
    isDead = true;
    onDeath();
    return never();
  };
  return async (name, run) => {
    if (isDead) return never();
    seen.push(name);
    const occurrence = seen.filter((one) => one === name).length;
    const isHere = crash?.name === name && crash.occurrence === occurrence;
    if (isHere && crash.side === 'before') return meet();
    const result = await run();
    return isHere ? meet() : isDead ? never() : result;
  };
}

/** Runs a refresh that ends as `crash` says, then another one when every lease has run out. */
async function refreshTwice(crash: Crash | null, options: { readonly isForgiving: boolean }) {
  const { clock, openInstance, keep, stored } = openDatabase();
  const credential = await keep();
  const { exchange } = createPlatform(options);
  const seen: string[] = [];
  const death = Promise.withResolvers<void>();
  const intercept = crashing(crash, seen, death.resolve);
  const doomed = openInstance(intercept)
    .refresh(credential, first, (latest) => intercept('exchange', () => exchange(latest)))
    .catch(() => undefined);
  await Promise.race([doomed, death.promise]);
  clock.advance(60_001);
  const next = await openInstance()
    .refresh(credential, first, exchange)
    .catch((error: unknown) => (error instanceof ImportError ? error.kind : error));
  return { seen, next, lease: stored.get(credential.id)?.refreshLease };
}

describe('a crash while credentials are refreshed', () => {
  const points = [
    ...['store.get', 'sealer.open', 'store.transact', 'exchange', 'sealer.seal'],
    ...['store.transact', 'sealer.open'],
  ].map((name, index, all) => ({
    name,
    occurrence: all.slice(0, index + 1).filter((one) => one === name).length,
  }));
  const crashes = points.flatMap((point): Crash[] => [
    { ...point, way: 'throws', side: 'before' },
    { ...point, way: 'throws', side: 'after' },
    { ...point, way: 'dies', side: 'after' },
  ]);

  it('may come at these points', async () => {
    const { seen } = await refreshTwice(null, { isForgiving: false });
    expect(seen).toEqual(points.map(({ name }) => name));
  });

  it.each(crashes)(
    'costs nothing where the platform takes the last refresh token once more: $way $side $name #$occurrence',
    async (crash) => {
      const { next, lease } = await refreshTwice(crash, { isForgiving: true });
      expect(next).toEqual(second);
      expect(lease).toBeNull();
    },
  );

  it('costs the account only between the platform’s answer and the store, where a token works once', async () => {
    const lost: string[] = [];
    for (const crash of crashes) {
      const { next } = await refreshTwice(crash, { isForgiving: false });
      if (next === 'auth_invalid') {
        lost.push(`${crash.way} ${crash.side} ${crash.name} #${crash.occurrence}`);
      } else expect(next).toEqual(second);
    }
    expect(lost).toEqual([
      'throws after exchange #1',
      'dies after exchange #1',
      'dies after sealer.seal #1',
    ]);
  });
});
