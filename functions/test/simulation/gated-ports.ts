import { ImportError } from '../../src/core/errors.ts';
import type { ObjectStore, Sealer, TaskQueue } from '../../src/core/ports.ts';
import type { Port } from './fault-plan.ts';
import type { Gate } from './gate.ts';
import { findInstance, never } from './instance.ts';
import type { Renewals } from './renewals.ts';

/** The bucket as an instance reaches it. */
export function gateObjects(objects: ObjectStore, gate: Gate): ObjectStore {
  const pass = <T>(step: string, work: () => Promise<T>): Promise<T> =>
    gate({ port: 'objects', step: `objects.${step}`, work, refusal: () => refusalOf('objects') });
  return {
    ...objects,
    write: async ({ body, ...options }) => {
      // The instance sends the bytes: what has not left it when it dies is not stored.
      const chunks = await collect(body, options.maxBytes);
      return pass(`write ${options.key.slice(-24)}`, () =>
        objects.write({ ...options, body: each(chunks) }),
      );
    },
    writeJson: (key, value) => pass('writeJson', () => objects.writeJson(key, value)),
    readJson: (key) => pass('readJson', () => objects.readJson(key)),
    find: (key) => pass('find', () => objects.find(key)),
    read: (key, range) => pass('read', () => objects.read(key, range)),
    remove: (key) => pass('remove', () => objects.remove(key)),
  };
}

/** The key service as an instance reaches it. */
export function gateSealer(
  sealer: Sealer,
  { gate, renewals }: { readonly gate: Gate; readonly renewals: Renewals },
): Sealer {
  const refusal = () => refusalOf('kms');
  const seal: Sealer['seal'] = async (plaintext, binding) => {
    const sealed = await sealer.seal(plaintext, binding);
    renewals.sealed(sealed.ciphertext, plaintext);
    return sealed;
  };
  return {
    ...sealer,
    seal: (plaintext, binding) =>
      gate({ port: 'kms', step: 'kms.seal', work: () => seal(plaintext, binding), refusal }),
    open: (sealed, binding) =>
      gate({ port: 'kms', step: 'kms.open', work: () => sealer.open(sealed, binding), refusal }),
  };
}

/** The task service as an instance reaches it. */
export function gateTasks(queue: TaskQueue, gate: Gate): TaskQueue {
  return {
    enqueue: (task) =>
      gate({
        port: 'tasks',
        step: `tasks.enqueue ${task.queue} ${shorten(task.name)}`,
        work: () => queue.enqueue(task),
        refusal: () => refusalOf('tasks'),
      }),
  };
}

/** What an adapter throws when its service does not answer. */
export function refusalOf(port: Port): ImportError {
  return new ImportError({
    kind: 'unavailable',
    source: port,
    publicMessage: 'The service did not answer. Try again.',
  });
}

/** What a client sees of a connection that broke. */
export function connectionReset(): Error {
  return Object.assign(new Error('The connection was reset.'), { code: 'ECONNRESET' });
}

/** Ids are long, and their beginnings tell them apart. */
export function shorten(text: string): string {
  return text.replaceAll(/[a-z0-9]{20,}/g, (id) => id.slice(0, 6));
}

async function collect(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    if (findInstance()?.isDead) await never();
    chunks.push(chunk);
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) break;
  }
  return chunks;
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
