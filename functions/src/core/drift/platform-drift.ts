import { createHash } from 'node:crypto';

/** One field that is not as we rely on it. */
export interface FieldChange {
  /** Without indices and ids: `calls[].metaData.started`. */
  readonly path: string;
  /** What we rely on: `string`, `datetime`, `one of several`. */
  readonly wanted: string;
  /** What came: `missing`, `null`, `number`, `text`. */
  readonly got: string;
}

/**
 * How an answer of a platform differs from the shape that we rely on. It holds names and types of
 * fields and lengths of texts, and no value of the answer.
 */
export interface PlatformDrift {
  readonly platform: string;
  /** The request's path with ids taken out, or where records are in a listing: `calls`. */
  readonly place: string;
  readonly changes: readonly FieldChange[];
  /** The shape of what came, cut. */
  readonly sample: string;
}

/** The same for the same fields at the same place, whatever else an answer holds. */
export function toDriftId({ platform, place, changes }: PlatformDrift): string {
  const fields = changes.map(({ path, wanted, got }) => [path, wanted, got]);
  const fingerprint = JSON.stringify([platform, place, fields]);
  return createHash('sha256').update(fingerprint).digest('hex').slice(0, 32);
}
