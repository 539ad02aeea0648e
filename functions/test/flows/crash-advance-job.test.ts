import type { DateRange } from '../../src/core/imports/source-call.ts';
import {
  crashSides,
  describePoint,
  driveWithCrash,
  recordPoints,
  type CrashPoint,
} from '../support/engine/crash-points.ts';
import { readWholeImport, wholeImportOf } from '../support/engine/facts.ts';
import { createScriptedContext, idOf } from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld } from '../support/engine/test-world.ts';

const calls = 10;
const sourceCalls = Array.from({ length: calls }, (_, index) => idOf(index));
const together = { together: calls };

async function openScripted() {
  // One more until the listing is over, so that the job looks for what is missing before it ends.
  const count = ({ end }: DateRange) => (end === null ? calls + 1 : calls);
  const context = createScriptedContext({ calls, pageSize: 4, count });
  const world = await openWorld({ context });
  const job = await startImport(world, { platform: 'fathom' });
  return { world, job };
}

describe('the reconcile loop', () => {
  it.each(crashSides)(
    'brings all calls over, each once, when it $way $side any awaited port call',
    async (side) => {
      const story = 'advanceJob';
      const points = await recordPoints((await openScripted()).world, story, together);
      expect([...new Set(points.map((point) => point.name))].sort()).toEqual(portsOfTheLoop);

      const wrong: unknown[] = [];
      for (const point of points.filter(isWorthwhile)) {
        const { world, job } = await openScripted();
        const crashes = await driveWithCrash(world, { story, point, side }, together);
        const found = await readWholeImport(world, job.id);
        const isRight = JSON.stringify(found) === JSON.stringify(wholeImportOf(sourceCalls));
        if (!isRight || crashes !== 1) wrong.push({ at: describePoint(point), crashes, found });
      }
      expect(wrong).toEqual([]);
    },
    600_000,
  );
});

const portsOfTheLoop = [
  'audit.open',
  'calls.countByStatus',
  'calls.getPage',
  'calls.listOverdue',
  'calls.transactPage',
  'context.countCalls',
  'context.listCalls',
  'jobs.sumTotals',
  'jobs.transact',
  'queue.enqueue',
  'vault.destroy',
  'vault.open',
];

/** Of the ten tasks that are created page by page, side by side: the first, a middle and the last; and the loop's own. */
function isWorthwhile({ name, occurrence }: CrashPoint): boolean {
  return name !== 'queue.enqueue' || [1, 5, 10, 11].includes(occurrence);
}
