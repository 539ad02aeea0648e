import type { Readable } from 'node:stream';
import type { Firestore } from 'firebase-admin/firestore';
import type { Chance } from './chance.ts';
import type { Gate } from './gate.ts';
import { outsideOfTime } from './instance.ts';

/** What the SDK sends its requests by. */
interface Transport {
  request(method: string, request: unknown): Promise<unknown>;
  requestStream(method: string, bidirectional: boolean, request: unknown): Promise<Readable>;
  readonly _clientPool: {
    run(tag: string, requiresGrpc: boolean, use: (client: Client) => Promise<void>): Promise<void>;
  };
}

/** The embedded store in the place of the generated client of the API. */
type Client = Readonly<Record<string, (request: unknown, options: object) => unknown>>;

/** gRPC: unknown, deadline exceeded, internal, unavailable. After each a commit may have happened. */
const ambiguousCodes = [14, 14, 14, 4, 13, 2] as const;

/**
 * Leads every request of a client through the gate: commits may happen though the caller sees an
 * error. Behind the gate the embedded store is asked without the SDK's pool and pipes of streams,
 * which there is nothing to be had from: most of what a request takes.
 */
export async function gateFirestore(
  firestore: Firestore,
  gate: Gate,
  chance: Chance,
): Promise<void> {
  // What is used of it is looked for.
  const transport = firestore as unknown as Transport;
  const isKnown = [transport.request, transport.requestStream, transport._clientPool.run].every(
    (method) => typeof method === 'function',
  );
  if (!isKnown) throw new Error('This version of the Firestore SDK sends requests some other way.');
  const client = await takeClient(transport);
  const send = <T>(method: string, work: () => Promise<T>): Promise<T> =>
    gate({
      port: 'firestore',
      step: `firestore.${method}`,
      work: () => outsideOfTime(work),
      refusal: () => {
        const code = chance.pick(ambiguousCodes);
        return Object.assign(new Error(`${String(code)} the connection was reset`), { code });
      },
    });
  const ask = (method: string, request: unknown): unknown => {
    const asked = client[method];
    if (!asked) throw new Error(`The embedded store knows no ${method}.`);
    return asked.call(client, request, {});
  };
  transport.request = (method, request) =>
    send(method, async () => {
      // A client of the API answers with the response and more, in an array.
      const [response] = (await ask(method, request)) as readonly [unknown];
      return response;
    });
  transport.requestStream = (method, _, request) =>
    send(method, async () => {
      // To methods that stream it answers with a stream of responses.
      const stream = ask(method, request) as Readable;
      await opened(stream);
      return stream;
    });
}

/** An error before anything came is the request's own: nobody listens to the stream as yet. */
async function opened(stream: Readable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  stream.once('readable', resolve);
  stream.on('error', reject);
  await promise;
}

async function takeClient({ _clientPool: pool }: Transport): Promise<Client> {
  const taken = Promise.withResolvers<Client>();
  await pool.run('simulation', false, async (client) => taken.resolve(client));
  return taken.promise;
}
