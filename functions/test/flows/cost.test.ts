import { drive } from '../support/engine/drive.ts';
import { readWholeImport, wholeImportOf } from '../support/engine/facts.ts';
import { createScriptedContext, idOf } from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld, type WorldOptions } from '../support/engine/test-world.ts';
import { createMortalEngine } from '../support/engine/crash.ts';
import type { Charges } from '../support/engine/firestore-meter.ts';
import { interceptPorts } from '../support/engine/port-proxy.ts';

const calls = 200;
const options: WorldOptions = { context: createScriptedContext({ calls, pageSize: 100 }) };

describe('what an import costs in Firestore', () => {
  it('is, for a call with a transcript, 3 reads and 5 writes, and O(1) for a page or a look', async () => {
    const world = await openWorld(options);
    const costs = new Map<string, Charges[]>();
    const job = await startImport(world, { platform: 'fathom' });
    await drive(world, {
      engineFor: ({ task }) => ({
        ...createMortalEngine(world.engine, { crash: null }),
        engine: interceptPorts(world.engine, async ({ name, occurrence }, run) => {
          let result: unknown;
          const charges = await world.meter.measure(async () => {
            result = await run();
          });
          const place = task.queue === 'processCall' ? `${name} #${occurrence}` : name;
          costs.set(place, [...(costs.get(place) ?? []), charges]);
          return result;
        }),
      }),
    });

    const cost = (place: string) =>
      new Set(costs.get(place)?.map(({ reads, writes }) => `${reads} reads, ${writes} writes`));
    expect(costs.get('calls.transactPage')).toEqual([
      { reads: 101, writes: 102 },
      { reads: 101, writes: 102 },
    ]);
    expect(cost('calls.transact #1')).toEqual(new Set(['2 reads, 1 writes']));
    expect(cost('calls.transact #2')).toEqual(new Set(['0 reads, 3 writes']));
    expect(cost('calls.getPage')).toEqual(new Set(['1 reads, 0 writes']));
    expect(costs.get('calls.transact #1')).toHaveLength(200);
    expect(costs.get('calls.transact #2')).toHaveLength(200);
    const sourceCalls = Array.from({ length: calls }, (_, index) => idOf(index));
    expect(await readWholeImport(world, job.id)).toEqual(wholeImportOf(sourceCalls));
  });

  it('is, everything included, that and a few documents for the job', async () => {
    const world = await openWorld(options);
    await startImport(world, { platform: 'fathom' });
    await drive(world, { together: 50 });
    const { reads, writes } = world.meter.total();
    process.stdout.write(
      `Firestore, ${calls} calls, everything included: ${reads / calls} reads and ${writes / calls} writes a call\n`,
    );
    expect(world.thrown).toEqual([]);
    // The job, its credential, two pages and half a dozen looks, whatever the number of calls.
    expect(writes - 5 * calls).toBeLessThanOrEqual(20);
    expect(reads - 3 * calls).toBeLessThanOrEqual(60);
  });
});
