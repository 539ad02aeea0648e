import type { ObjectStore } from '../core/ports.ts';

/** Bytes `start` to `end` of a stored object in one buffer: for small ranges. @throws as `read` */
export async function readBytes(
  objects: Pick<ObjectStore, 'read'>,
  key: string,
  range: { readonly start: number; readonly end: number },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await objects.read(key, range)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
