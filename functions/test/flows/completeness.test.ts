import { createGongSandbox } from '../../src/contexts/gong/gong.sandbox.ts';
import { toFetch } from '../../src/contexts/testing/fault-fetch.ts';
import { retryImport } from '../../src/core/imports/control-job.ts';
import { requireContext } from '../../src/core/imports/job-run.ts';
import type { DateRange } from '../../src/core/imports/source-call.ts';
import { drive } from '../support/engine/drive.ts';
import { readJob } from '../support/engine/facts.ts';
import {
  createScriptedContext,
  platformError,
  type ContextScript,
} from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld, type WorldOptions } from '../support/engine/test-world.ts';

/** All begin on 2025-10-01, a minute apart. */
const calls = 25;
const listedDay = {
  start: new Date('2025-10-01T00:00:00Z'),
  end: new Date('2025-10-02T00:00:00Z'),
};
const hiddenAt = ['2025-10-01T12:00:00Z', '2025-10-05T09:00:00Z', '2025-10-05T10:00:00Z'].map(
  (text) => new Date(text),
);
const october = { start: new Date('2025-10-01T00:00:00Z'), end: new Date('2025-11-01T00:00:00Z') };

async function run(script: Partial<ContextScript>, options: WorldOptions = {}) {
  const context = createScriptedContext({ calls, ...script });
  const world = await openWorld({ context, ...options });
  const job = await startImport(world, { platform: 'fathom', dateRange: october });
  await drive(world);
  return { world, jobId: job.id, job: await readJob(world, job.id) };
}

/** What the platform counts when the import is asked for, and when it begins. */
const firstCounts = [28, 28];

/** Counts what is listed, and the hidden calls. */
function countAll({ start, end }: DateRange): number {
  const isIn = (at: Date) => (start === null || at >= start) && (end === null || at < end);
  const isListedDay = (start ?? listedDay.start) < listedDay.end;
  return (isListedDay ? calls : 0) + hiddenAt.filter(isIn).length;
}

describe('an import to which the platform listed fewer calls than it counts', () => {
  it('ends partial, and says on which days how many are missing', async () => {
    const { job } = await run({ count: countAll });
    expect(job).toMatchObject({
      status: 'partial',
      totals: { imported: 25 },
      listing: {
        platformCount: 28,
        gaps: [
          { ...listedDay, platformCount: 26, listed: 25 },
          {
            start: new Date('2025-10-05T00:00:00Z'),
            end: new Date('2025-10-06T00:00:00Z'),
            ...{ platformCount: 2, listed: 0 },
          },
        ],
      },
      lastError: {
        ...{ kind: 'contract', source: 'fathom' },
        message:
          'The platform counts 3 more than it listed in this range: 1 on 2025-10-01, 2 on 2025-10-05.',
      },
    });
  });

  it('is completed when the missing calls were deleted since they were counted', async () => {
    const counts = [...firstCounts];
    const { job } = await run({ count: () => counts.shift() ?? calls });
    expect(job).toMatchObject({
      ...{ status: 'completed', lastError: null },
      listing: { platformCount: 25, gaps: [] },
    });
  });

  it('costs no further question when nothing is missing', async () => {
    let questions = 0;
    const count = () => {
      questions += 1;
      return calls;
    };
    const { job } = await run({ count });
    expect(job).toMatchObject({ status: 'completed', listing: { gaps: null } });
    expect(questions).toBe(firstCounts.length);
  });

  it('counts nothing that began after the import', async () => {
    const asked: DateRange[] = [];
    const context = createScriptedContext({
      calls,
      count: (range) => {
        asked.push(range);
        return 28;
      },
    });
    const world = await openWorld({ context });
    const job = await startImport(world, { platform: 'fathom' });
    await drive(world);
    const { startedAt } = await readJob(world, job.id);
    expect(asked[1]).toEqual({ start: null, end: null });
    expect(asked[firstCounts.length]).toEqual({ start: null, end: startedAt });
  });

  it('waits when the platform’s limit stands in the way', async () => {
    let questions = 0;
    const { job, world } = await run({
      count: (range) => {
        questions += 1;
        if (questions === firstCounts.length + 1)
          throw platformError('rate_limited', { retryAfterMs: 90_000 });
        return countAll(range);
      },
    });
    expect(job).toMatchObject({ status: 'partial', listing: { platformCount: 28 } });
    expect(job.listing.gaps).toHaveLength(2);
    const waited = world.clock.now().getTime() - (job.startedAt?.getTime() ?? 0);
    expect(waited).toBeGreaterThanOrEqual(90_000);
  });

  it.each([
    ['for good', 'permission_denied' as const, 3],
    ['again and again', 'unavailable' as const, 6],
  ])('ends by the first count when the platform refuses to count %s', async (_name, kind, asks) => {
    let questions = 0;
    const { job } = await run({
      count: () => {
        questions += 1;
        if (questions > firstCounts.length) throw platformError(kind);
        return 28;
      },
    });
    expect(job).toMatchObject({
      status: 'partial',
      listing: { platformCount: 28, gaps: [] },
      lastError: { message: 'The platform counts 3 more than it listed in this range.' },
    });
    expect(questions).toBe(asks);
  });

  it('asks anew when it is retried', async () => {
    let hidden = true;
    const { world, jobId } = await run({
      count: (range) => (hidden ? countAll(range) : calls),
      onFetch: (id) => {
        if (hidden && id === 'call-0003') throw platformError('permission_denied');
      },
    });
    const context = requireContext(world.engine, 'fathom');
    const credentials = context.parseCredentials({ apiKey: 'key' });
    hidden = false;
    const job = await readJob(world, jobId);
    expect(job).toMatchObject({ status: 'partial', totals: { failed: 1 } });
    await retryImport(world.engine, context, { job, credentials });
    await drive(world);
    expect(await readJob(world, jobId)).toMatchObject({
      ...{ status: 'completed', lastError: null },
      listing: { platformCount: 25, gaps: [] },
    });
  });

  it('no longer counts once its context can’t', async () => {
    const context = createScriptedContext({ calls, count: () => 28 });
    const { countCalls: _, ...without } = context;
    let isCounting = true;
    const world = await openWorld({ context });
    const { engine } = world;
    const findContext: typeof engine.findContext = (platform) =>
      isCounting || platform !== 'fathom' ? engine.findContext(platform) : without;
    const job = await startImport(world, { platform: 'fathom' });
    await drive(
      { ...world, engine: { ...engine, findContext } },
      {
        until: () => {
          isCounting = world.events.every(({ name }) => name !== 'callImported');
          return false;
        },
      },
    );
    expect(await readJob(world, job.id)).toMatchObject({
      status: 'partial',
      listing: { gaps: [] },
    });
  });
});

describe('an import from the Gong sandbox that hides calls', () => {
  it('names each day on which one is missing, at few requests', async () => {
    let requests = 0;
    const sandbox = createGongSandbox({
      ...{ calls: 120, seed: 7, requestsPerMinute: 1_000_000, faults: ['hidden-calls:40'] },
      now: () => new Date('2026-03-02T09:00:00Z'),
      origin: () => 'https://api.gong.io',
    });
    const world = await openWorld({
      startAt: '2026-03-02T09:00:00Z',
      wrapFetch: () => async (url, init) => {
        if (String(url).includes('/v2/calls/extensive')) requests += 1;
        return toFetch(sandbox)(url, init);
      },
    });
    const context = requireContext(world.engine, 'gong');
    const keys = { accessKey: 'SANDBOXACCESSKEY', accessKeySecret: 'sandbox-key' };
    const credentials = context.parseCredentials(keys);
    const { id } = await startImport(world, { platform: 'gong', credentials });
    await drive(world);
    const job = await readJob(world, id);
    const truth = sandbox.truth().map((call) => call.sourceCallId);
    const hidden = truth.filter((callId) => Number(callId.slice(-6)) % 40 === 0);
    expect(hidden.length).toBeGreaterThan(0);
    const sum = (job.listing.gaps ?? []).reduce(
      (all, gap) => all + gap.platformCount - gap.listed,
      0,
    );
    expect(job).toMatchObject({ status: 'partial', listing: { platformCount: 120 } });
    expect(sum).toBe(hidden.length);
    expect(requests).toBeLessThan(60);
  });
});
