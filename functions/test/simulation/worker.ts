/** A process of its own that simulates the seeds it is sent, one after another. */
import { z } from 'zod';
import { installVirtualTime } from './virtual-time.ts';

const Message = z.object({ seed: z.int() });

// The SDK takes a stack with each request, in case that it fails: a twentieth of a world's work.
Error.stackTraceLimit = 0;

const time = installVirtualTime();
const { simulate } = await import('./simulate.ts');

process.on('message', (message) => {
  const { seed } = Message.parse(message);
  run(seed).then(
    (result) => process.send?.({ result }),
    (error: unknown) => {
      // A world that can't even be run is a finding like any other.
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.send?.({ broken: { seed, detail } });
    },
  );
});
process.send?.({ ready: true });

/** What can't be run fails the same way once more, and then says where. */
async function run(seed: number): ReturnType<typeof simulate> {
  try {
    return await simulate(time, seed);
  } catch {
    Error.stackTraceLimit = 10;
    try {
      return await simulate(time, seed);
    } finally {
      Error.stackTraceLimit = 0;
    }
  }
}
