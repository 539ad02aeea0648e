/**
 * Starts the tests that take minutes first. Jest knows how long a test took only where it ran
 * before, and begins with the largest files in a fresh clone: one core would wait for the last.
 */
import Sequencer from '@jest/test-sequencer';

const longTests = [
  'test/simulation/simulation.test.ts',
  'test/e2e/imports-command.test.ts',
  'test/fuzz/fuzz.test.ts',
  'test/kill/kill.test.ts',
  'test/flows/crash-process-call.test.ts',
  'test/flows/crash-advance-job.test.ts',
  'test/e2e/two-starts.test.ts',
  'test/e2e/interrupted.test.ts',
  'test/deployment/new-platform.test.ts',
];

export default class LongTestsFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).toSorted((left, right) => rankOf(left) - rankOf(right));
  }
}

function rankOf({ path }) {
  const rank = longTests.findIndex((file) => path.replaceAll('\\', '/').endsWith(file));
  return rank === -1 ? longTests.length : rank;
}
