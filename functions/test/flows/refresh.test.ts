import { retryImport } from '../../src/core/imports/control-job.ts';
import type { Credentials } from '../../src/core/imports/import-context.ts';
import {
  crashSides,
  describePoint,
  driveWithCrash,
  recordPoints,
} from '../support/engine/crash-points.ts';
import { drive } from '../support/engine/drive.ts';
import { readJob, readWholeImport, wholeImportOf } from '../support/engine/facts.ts';
import {
  createScriptedContext,
  idOf,
  platformError,
  type ContextScript,
} from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld } from '../support/engine/test-world.ts';

const calls = 12;
const whole = wholeImportOf(Array.from({ length: calls }, (_, index) => idOf(index)));

interface TokenRules {
  /** The access token with this number works for so many uses; default: for ever. */
  readonly uses?: (token: number) => number;
  /** When each token says that it expires; null: it does not say. */
  readonly expiresAt?: (token: number) => Date | null;
  readonly onExchange?: (exchanged: number) => void;
}

/** A platform whose tokens are numbered; a refresh token is accepted until its successor is used. */
function createTokens(rules: TokenRules = {}) {
  let issued = 0;
  let isNewUsed = true;
  const used = new Map<number, number>();
  const exchanged: number[] = [];
  const rejected: number[] = [];
  const toCredentials = (token: number) => ({ access: token, refresh: token });
  const script: Partial<ContextScript> = {
    accepts: () => true,
    onUse: ({ access }) => {
      const token = Number(access);
      const uses = (used.get(token) ?? 0) + 1;
      used.set(token, uses);
      if (token !== issued || uses > (rules.uses?.(token) ?? Infinity)) {
        rejected.push(token);
        throw platformError('auth_invalid');
      }
      isNewUsed = true;
    },
    renewal: {
      findRenewal: ({ access, key }) =>
        key ? null : { expiresAt: rules.expiresAt?.(Number(access)) ?? null },
      refreshCredentials: async ({ refresh }) => {
        exchanged.push(Number(refresh));
        rules.onExchange?.(exchanged.length);
        const isRepeated = refresh === issued - 1 && !isNewUsed;
        if (refresh !== issued && !isRepeated) throw platformError('auth_invalid');
        if (!isRepeated) issued += 1;
        isNewUsed = false;
        return toCredentials(issued);
      },
    },
  };
  return { script, exchanged, rejected, first: toCredentials(0) };
}

async function open(tokens: ReturnType<typeof createTokens>, script: Partial<ContextScript> = {}) {
  const context = createScriptedContext({ calls, pageSize: 4, ...tokens.script, ...script });
  const world = await openWorld({ context });
  const credentials: Credentials = tokens.first;
  const job = await startImport(world, { platform: 'fathom', credentials });
  return { world, job, context };
}

describe('an import whose access token expires', () => {
  it.each([
    ['before it is created', 0],
    ['while it counts', 1],
    ['while it lists', 2],
    ['while its calls are brought over', 7],
  ])('%s renews it once and brings everything over', async (_when, uses) => {
    const tokens = createTokens({ uses: (token) => (token === 0 ? uses : Infinity) });
    const { world, job } = await open(tokens, { count: () => calls });
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(whole);
    expect(tokens.exchanged).toEqual([0]);
    expect(tokens.rejected[0]).toBe(0);
    expect(world.events.filter(({ name }) => name === 'credentialsRenewed')).toHaveLength(1);
  });

  it('while its pages are hydrated renews it and asks for that page again', async () => {
    const tokens = createTokens({ uses: (token) => (token === 0 ? 1 : Infinity) });
    const { world, job } = await open(tokens, { hydrates: true });
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(whole);
    expect(tokens.exchanged).toEqual([0]);
  });

  it('again and again renews it as often', async () => {
    const tokens = createTokens({ uses: () => 5 });
    const { world, job } = await open(tokens);
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(whole);
    expect(tokens.exchanged).toEqual([0, 1, 2, 3, 4]);
  });

  it('at a time that is known renews it before, so that nothing is rejected', async () => {
    const expiresAt = (token: number) => new Date(Date.UTC(2025, 10, 20, 10 + token * 10, 19));
    const tokens = createTokens({ expiresAt });
    const { world, job } = await open(tokens);
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(whole);
    expect(tokens).toMatchObject({ exchanged: [0], rejected: [] });
  });

  it('is renewed once more when it expires in the middle of what it was renewed for', async () => {
    const expiresAt = (token: number) => new Date(Date.UTC(2025, 10, 20, 10, 21 + token * 10));
    const tokens = createTokens({ expiresAt });
    const { world, job } = await open(tokens, {
      onPage: () => {
        if (tokens.exchanged.length > 1) return;
        world.clock.advance(600_000);
        throw platformError('auth_invalid');
      },
    });
    world.clock.advance(120_000);
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(whole);
    expect(tokens.exchanged).toEqual([0, 1]);
  });

  it('does with the old one for as long as it works when the platform can’t renew it now', async () => {
    const expiresAt = () => new Date('2025-11-20T10:19:00.000Z');
    const onExchange = () => {
      throw platformError('unavailable');
    };
    const tokens = createTokens({ expiresAt, onExchange });
    const { world, job } = await open(tokens);
    await drive(world, { until: () => world.clock.now() >= expiresAt() });
    expect(await readWholeImport(world, job.id)).toMatchObject({ ...whole, credentials: 0 });
    expect(tokens.rejected).toEqual([]);
  });

  it('stops at once when the grant is over, though the token would work a little longer', async () => {
    const expiresAt = () => new Date('2025-11-20T10:19:00.000Z');
    const onExchange = (exchanged: number) => {
      if (exchanged > 1) throw platformError('auth_invalid');
      throw platformError('unavailable');
    };
    const tokens = createTokens({ expiresAt, onExchange });
    const { world, job } = await open(tokens);
    await drive(world);
    expect(await readJob(world, job.id)).toMatchObject({
      status: 'failed',
      lastError: { kind: 'auth_invalid', source: 'fathom' },
    });
    expect(tokens).toMatchObject({ exchanged: [0, 0], rejected: [] });
  });

  it('and has expired when its turn comes waits until the platform can renew it', async () => {
    const expiresAt = (token: number) =>
      token === 0 ? new Date('2025-11-20T10:20:00.000Z') : null;
    const onExchange = (exchanged: number) => {
      if (exchanged < 3) throw platformError('unavailable');
    };
    const tokens = createTokens({ expiresAt, onExchange });
    const { world, job } = await open(tokens);
    world.clock.advance(300_000);
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(whole);
    expect(tokens).toMatchObject({ exchanged: [0, 0, 0], rejected: [] });
  });

  it('stops with what the platform said when it can’t be renewed, and ends with a new one', async () => {
    const onExchange = (exchanged: number) => {
      if (exchanged === 1) throw platformError('auth_invalid');
    };
    const tokens = createTokens({ uses: (token) => (token === 0 ? 6 : Infinity), onExchange });
    const { world, job, context } = await open(tokens);
    await drive(world);
    const stopped = await readJob(world, job.id);
    expect(stopped).toMatchObject({
      status: 'partial',
      lastError: { kind: 'auth_invalid', source: 'fathom' },
    });
    const credentials = (await tokens.script.renewal?.refreshCredentials(tokens.first)) ?? {};
    await retryImport(world.engine, context, { job: stopped, credentials });
    await drive(world);
    expect(await readWholeImport(world, job.id)).toEqual(whole);
  });

  it('is not renewed twice for one rejection: the job stops', async () => {
    const tokens = createTokens({ uses: () => 0 });
    const { world, job } = await open(tokens);
    await drive(world);
    expect(await readJob(world, job.id)).toMatchObject({
      status: 'failed',
      lastError: { kind: 'auth_invalid' },
    });
    expect(tokens.exchanged).toEqual([0]);
  });

  it.each([
    ['is refused when it is asked for a second time', platformError('auth_invalid')],
    ['is not answered', platformError('unavailable')],
  ])(
    'before it is created, and %s, leaves no job and no credential behind',
    async (_what, error) => {
      const onExchange = () => {
        throw error;
      };
      const tokens = createTokens({ uses: () => 0, onExchange });
      const context = createScriptedContext({ calls, count: () => calls, ...tokens.script });
      const world = await openWorld({ context });
      const request = { platform: 'fathom', credentials: tokens.first } as const;
      await expect(startImport(world, request)).rejects.toBe(error);
      for (const collection of ['importJobs', 'importCredentials']) {
        expect((await world.db.collection(collection).get()).size).toBe(0);
      }
    },
  );

  it('stops at once where it is a key, which nothing renews', async () => {
    const tokens = createTokens({ uses: () => 6 });
    const context = createScriptedContext({ calls, pageSize: 4, ...tokens.script });
    const world = await openWorld({ context });
    const credentials = { ...tokens.first, key: true };
    const job = await startImport(world, { platform: 'fathom', credentials });
    await drive(world);
    expect(await readJob(world, job.id)).toMatchObject({ lastError: { kind: 'auth_invalid' } });
    expect(tokens.exchanged).toEqual([]);
  });
});

describe('a crash while an import renews its token', () => {
  it.each(crashSides)(
    'costs nothing when it $way $side any awaited port call, where the last refresh token works once more',
    async (side) => {
      const wrong: unknown[] = [];
      for (const { story, uses, ports } of stories) {
        const createRules = () =>
          createTokens({ uses: (token) => (token === 0 ? uses : Infinity) });
        const points = await recordPoints((await open(createRules())).world, story);
        const renewing = points.filter(({ name }) => ports.some((port) => port === name));
        expect([...new Set(renewing.map(({ name }) => name))].sort()).toEqual(ports);
        for (const point of renewing) {
          const { world, job } = await open(createRules());
          await driveWithCrash(world, { story, point, side });
          const found = await readWholeImport(world, job.id);
          const isRight = JSON.stringify(found) === JSON.stringify(whole);
          if (!isRight) wrong.push({ story, at: describePoint(point), found });
        }
      }
      expect(wrong).toEqual([]);
    },
    600_000,
  );
});

const stories = [
  {
    story: 'advanceJob',
    uses: 2,
    ports: ['context.refreshCredentials', 'vault.open', 'vault.refresh'],
  },
  {
    story: 'processCall',
    uses: 7,
    ports: ['context.refreshCredentials', 'vault.open', 'vault.refresh'],
  },
] as const;
