import { claimCall } from '../../src/core/imports/claim-call.ts';
import { completeCall } from '../../src/core/imports/complete-call.ts';
import { pauseImport } from '../../src/core/imports/control-job.ts';
import { keepLease } from '../../src/core/imports/keep-lease.ts';
import { processCall } from '../../src/core/imports/process-call.ts';
import { drive } from '../support/engine/drive.ts';
import { readCalls, readEngagements, readJob } from '../support/engine/facts.ts';
import {
  createScriptedContext,
  listedCall,
  platformError,
} from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld, type WorldOptions } from '../support/engine/test-world.ts';

/** A world whose one call is listed and waits for whoever comes. */
async function openWithCall(options: WorldOptions = {}) {
  const world = await openWorld({
    context: createScriptedContext({ calls: 1 }),
    settings: { leaseMs: 60_000 },
    ...options,
  });
  const job = await startImport(world, { platform: 'fathom' });
  await drive(world, { until: () => world.queue.accepted.length >= 3 });
  const [call] = await readCalls(world, job.id);
  const target = { jobId: job.id, callKey: call?.callKey ?? '' };
  const claim = async () => {
    const claimed = await claimCall(world.engine, target);
    if (claimed.type !== 'claimed') throw new Error(`It is ${claimed.type}.`);
    return claimed;
  };
  return { world, target, claim };
}

const found = {
  metadata: listedCall(0).metadata,
  media: null,
  transcript: null,
  origin: 'platform',
} as const;
const signal = new AbortController().signal;

describe('a call that somebody works on', () => {
  it('is not claimed by a second who comes, but appointed for when the lease ends', async () => {
    const { world, target, claim } = await openWithCall();
    await claim();
    expect(await claimCall(world.engine, target)).toEqual({
      type: 'not_yet',
      at: new Date('2025-11-20T10:18:23.456Z'),
      taskName: `call-${target.callKey}-w1-1763633903456`,
    });
    await processCall(world.engine, target);
    expect(world.queue.accepted.at(-1)).toEqual({
      queue: 'processCall',
      name: `call-${target.callKey}-w1-1763633903456`,
      payload: target,
      runAt: new Date('2025-11-20T10:18:23.456Z'),
    });
  });

  it('is not completed by a holder who comes back after its lease ran out', async () => {
    const { world, claim } = await openWithCall();
    const late = await claim();
    world.clock.advance(60_000);
    const present = await claim();
    await completeCall({ engine: world.engine, claim: late, signal }, found);
    expect(await readEngagements(world)).toEqual([]);
    expect(world.events.at(-1)).toMatchObject({ name: 'callFenced' });

    await completeCall({ engine: world.engine, claim: present, signal }, found);
    await completeCall({ engine: world.engine, claim: late, signal }, found);
    expect(await readEngagements(world)).toHaveLength(1);
    expect(await world.engine.jobs.sumTotals(present.call.jobId)).toMatchObject({ imported: 1 });
  });

  it('is not failed by a holder who comes back after its lease ran out', async () => {
    let isFirst = true;
    const context = createScriptedContext({
      calls: 1,
      onFetch: async () => {
        if (!isFirst) return;
        isFirst = false;
        // Long enough for another to take the call over and complete it.
        world.clock.advance(60_000);
        await processCall(world.engine, target);
        throw platformError('contract');
      },
    });
    const { world, target } = await openWithCall({ context });
    await processCall(world.engine, target);
    expect(await readEngagements(world)).toHaveLength(1);
    expect((await readCalls(world, target.jobId))[0]).toMatchObject({ status: 'completed' });
    expect(world.events.filter(({ name }) => name === 'callFenced')).toHaveLength(1);
  });

  it('is not appointed by a holder who comes back after its lease ran out', async () => {
    const context = createScriptedContext({ calls: 1, hasTranscript: () => false });
    let starts = 0;
    const { world, target } = await openWithCall({
      context,
      transcription: {
        onStart: () => {
          starts += 1;
          if (starts === 1) world.clock.advance(60_000);
          return null;
        },
      },
    });
    const { transcriber } = world.engine;
    const start: typeof transcriber.start = async (request) => {
      const started = await transcriber.start(request);
      // Meanwhile another takes the call over, and appoints a later operation.
      if (starts === 1) await processCall(world.engine, target);
      return started;
    };
    await processCall({ ...world.engine, transcriber: { ...transcriber, start } }, target);
    expect((await readCalls(world, target.jobId))[0]).toMatchObject({
      status: 'transcribing',
      transcription: { operation: 'operations/2' },
    });
    await drive(world);
    expect(await readEngagements(world)).toHaveLength(1);
  });

  it('and waits for its transcript is not claimed before that is worth looking at', async () => {
    const context = createScriptedContext({ calls: 1, hasTranscript: () => false });
    const { world, target } = await openWithCall({ context });
    await processCall(world.engine, target);
    expect(await claimCall(world.engine, target)).toMatchObject({
      type: 'not_yet',
      at: new Date('2025-11-20T10:18:23.456Z'),
    });
    expect(world.transcriber.checks).toEqual([]);
  });

  it('and was put off is not claimed before its time', async () => {
    const context = createScriptedContext({
      calls: 1,
      onFetch: () => {
        throw platformError('rate_limited', { retryAfterMs: 3_600_000 });
      },
    });
    const { world, target } = await openWithCall({ context });
    await processCall(world.engine, target);
    const [call] = await readCalls(world, target.jobId);
    const at = call?.status === 'pending' ? call.notBefore : null;
    expect(at?.toISOString().slice(0, 16)).toBe('2025-11-20T11:17');
    expect(await claimCall(world.engine, target)).toMatchObject({ type: 'not_yet', at });
  });

  it('that was completed by a commit whose answer was lost is done, whatever the holder saw', async () => {
    const { world, target } = await openWithCall();
    const { calls } = world.engine;
    let commits = 0;
    const engine = {
      ...world.engine,
      calls: {
        ...calls,
        transact: (async (place, decide) => {
          const result = await calls.transact(place, decide);
          commits += 1;
          if (commits === 2) throw platformError('unavailable');
          return result;
        }) satisfies typeof calls.transact,
      },
    };
    await expect(processCall(engine, target)).rejects.toMatchObject({ kind: 'unavailable' });
    expect((await readCalls(world, target.jobId))[0]).toMatchObject({
      status: 'completed',
      failures: 0,
      attempts: [],
    });
    await processCall(world.engine, target);
    expect(await readEngagements(world)).toHaveLength(1);
  });

  it('is left alone when it has ended, moved to another job or never was', async () => {
    const { world, target } = await openWithCall();
    await processCall(world.engine, target);
    const nothing = { type: 'nothing_to_do' };
    expect(await claimCall(world.engine, target)).toEqual(nothing);
    expect(await claimCall(world.engine, { ...target, callKey: 'no-call' })).toEqual(nothing);
    expect(await claimCall(world.engine, { ...target, jobId: 'no-job' })).toEqual(nothing);
  });
});

describe('a lease', () => {
  it('is renewed while the work goes on', async () => {
    const { world, target, claim } = await openWithCall({ settings: { leaseMs: 12 } });
    const claimed = await claim();
    const lease = keepLease(world.engine, claimed);
    world.clock.advance(10);
    await until(async () => {
      const call = await world.engine.calls.get(target.callKey);
      return call?.lease.expiresAt?.toISOString() === '2025-11-20T10:17:23.478Z';
    });
    lease.stop();
    expect(lease.signal.aborted).toBe(false);
  });

  it('that another has taken aborts the work', async () => {
    const { world, claim } = await openWithCall({ settings: { leaseMs: 12 } });
    const late = await claim();
    const lease = keepLease(world.engine, late);
    world.clock.advance(100);
    await claim();
    await until(async () => lease.signal.aborted);
    lease.stop();
  });

  it('of a job that was paused aborts the work', async () => {
    const { world, target, claim } = await openWithCall({ settings: { leaseMs: 12 } });
    const lease = keepLease(world.engine, await claim());
    await pauseImport(world.engine, target.jobId);
    await until(async () => lease.signal.aborted);
    lease.stop();
    expect(await readJob(world, target.jobId)).toMatchObject({ status: 'paused' });
  });

  it('outlasts a renewal that fails', async () => {
    const { world, claim } = await openWithCall({ settings: { leaseMs: 12 } });
    const claimed = await claim();
    let renewals = 0;
    const calls: typeof world.engine.calls = {
      ...world.engine.calls,
      transact: async () => {
        renewals += 1;
        throw platformError('unavailable');
      },
    };
    const lease = keepLease({ ...world.engine, calls }, claimed);
    await until(async () => renewals >= 2);
    lease.stop();
    expect(lease.signal.aborted).toBe(false);
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let count = 0; count < 1_000; count += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error('It never came true.');
}
