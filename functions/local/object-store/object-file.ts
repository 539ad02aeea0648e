import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';

/** What a file says of the object in it, after its bytes. */
const Footer = z.object({
  format: z.literal('object/1'),
  contentType: z.string(),
  sizeBytes: z.int().nonnegative(),
  crc32c: z.string(),
  md5: z.string(),
  sha256: z.string(),
  updatedAt: z.coerce.date(),
});
export type ObjectFooter = z.infer<typeof Footer>;

/** Fixed, so that one read at the end of the file finds it. A content type of 200 characters fits. */
const footerBytes = 512;

/**
 * The last bytes of an object's file. In the same file as the body, so that one rename publishes
 * both: no crash and no concurrent write can pair the bytes of one version with the facts of another.
 */
export function encodeFooter(footer: Omit<ObjectFooter, 'format'>): Buffer {
  const json = JSON.stringify({ format: 'object/1', ...footer });
  return Buffer.from(`\n${json}`.padEnd(footerBytes - 1) + '\n');
}

/**
 * Reads the footer of an open file: null when there is none that fits the file's size, as a power
 * failure may leave it; such a file counts as no object.
 */
export async function readFooter(handle: FileHandle): Promise<ObjectFooter | null> {
  const { size } = await handle.stat();
  if (size < footerBytes) return null;
  const buffer = Buffer.alloc(footerBytes);
  await handle.read(buffer, 0, footerBytes, size - footerBytes);
  try {
    const footer = Footer.parse(JSON.parse(buffer.toString('utf8')));
    return footer.sizeBytes === size - footerBytes ? footer : null;
  } catch {
    return null;
  }
}
