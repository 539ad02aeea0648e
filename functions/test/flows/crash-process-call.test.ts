import {
  crashSides,
  describePoint,
  driveWithCrash,
  recordPoints,
} from '../support/engine/crash-points.ts';
import { readWholeImport, wholeImportOf } from '../support/engine/facts.ts';
import { createScriptedContext, idOf } from '../support/engine/scripted-context.ts';
import { startImport } from '../support/engine/start-import.ts';
import { openWorld } from '../support/engine/test-world.ts';

const calls = 10;
const sourceCalls = Array.from({ length: calls }, (_, index) => idOf(index));
const together = { together: calls };

const untranscribed = calls / 5;

/** A fifth of the calls has no transcript, so that the story is told by both of its ways. */
async function openScripted() {
  const hasTranscript = (id: string) => Number(id.slice(-1)) % 5 !== 0;
  const context = createScriptedContext({ calls, pageSize: calls, hasTranscript });
  const world = await openWorld({ context });
  const job = await startImport(world, { platform: 'fathom' });
  return { world, job };
}

describe('the story of a call', () => {
  // Every call that gets to the point crashes there, once: each call meets each crash.
  it.each(crashSides)(
    'ends with one engagement each when it $way $side any awaited port call',
    async (side) => {
      const story = 'processCall';
      const points = await recordPoints((await openScripted()).world, story, together);
      expect([...new Set(points.map((point) => point.name))].sort()).toEqual(portsOfACall);

      const wrong: unknown[] = [];
      for (const point of points) {
        const { world, job } = await openScripted();
        const crashes = await driveWithCrash(world, { story, point, side }, together);
        const found = await readWholeImport(world, job.id);
        const isRight = JSON.stringify(found) === JSON.stringify(wholeImportOf(sourceCalls));
        if (!isRight || crashes < untranscribed)
          wrong.push({ at: describePoint(point), crashes, found });
      }
      expect(wrong).toEqual([]);
    },
    600_000,
  );
});

const portsOfACall = [
  'calls.transact',
  'context.fetchCall',
  'context.getTranscript',
  'context.openMedia',
  'directory.findCompanies',
  'directory.findContacts',
  'objects.write',
  'objects.writeJson',
  'queue.enqueue',
  'transcriber.check',
  'transcriber.start',
  'vault.open',
];
