import type { File } from '@google-cloud/storage';
import { z } from 'zod';
import type { StoredObject } from '../../core/ports.ts';
import { attempt } from './attempt.ts';
import type { AttemptLimits } from './attempt.ts';
import { isMissingObject } from './storage-errors.ts';

/** @see https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
export const ObjectMetadata = z.object({
  name: z.string(),
  size: z.coerce.number(),
  contentType: z.string().nullish(),
  crc32c: z.string(),
  md5Hash: z.string().nullish(),
  updated: z.coerce.date(),
  generation: z.coerce.string(),
});

/** Asks for an object's metadata: null when there is no such object. */
export async function findObject(file: File, limits: AttemptLimits): Promise<StoredObject | null> {
  const body = await attempt(() => file.getMetadata().catch(nullWhenMissing), {
    operation: 'read',
    limits,
  });
  if (body === null) return null;
  const metadata = ObjectMetadata.parse(body[0]);
  return {
    key: metadata.name,
    sizeBytes: metadata.size,
    contentType: metadata.contentType ?? null,
    crc32c: metadata.crc32c,
    md5: metadata.md5Hash ?? null,
    updatedAt: metadata.updated,
  };
}

function nullWhenMissing(error: unknown): null {
  if (isMissingObject(error)) return null;
  throw error;
}
