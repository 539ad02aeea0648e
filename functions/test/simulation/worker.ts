/** A process of its own that simulates the seeds it is sent, one after another. */
import { z } from 'zod';
import { installVirtualTime } from './virtual-time.ts';

const Message = z.object({ seed: z.int() });

// The SDK takes a stack with each request, in case that it fails.
Error.stackTraceLimit = 2;

const time = installVirtualTime();
const { simulate } = await import('./simulate.ts');

process.on('message', (message) => {
  const { seed } = Message.parse(message);
  simulate(time, seed).then(
    (result) => process.send?.({ result }),
    (error: unknown) => {
      // A world that can't even be run is a finding like any other.
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.send?.({ broken: { seed, detail } });
    },
  );
});
process.send?.({ ready: true });
