import {
  Timestamp,
  type DocumentData,
  type DocumentReference,
  type DocumentSnapshot,
  type Firestore,
  type Precondition,
  type SetOptions,
  type UpdateData,
} from 'firebase-admin/firestore';
import type { z } from 'zod';
import { ImportError } from '../../core/errors.ts';

/** gRPC codes after which a write may or may not have happened, or was refused for now. */
const transientCodes = new Set([1, 2, 4, 8, 10, 13, 14]);
const alreadyExists = 6;
const notFound = 5;
const failedPrecondition = 9;

/** A stored document as its schema's type, instants as `Date`; null when there is none. @throws `internal` when it breaks the schema */
export function parseDocument<T>(snapshot: DocumentSnapshot, schema: z.ZodType<T>): T | null {
  if (!snapshot.exists) return null;
  const parsed = schema.safeParse(toDates(snapshot.data()));
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new ImportError({
    kind: 'internal',
    source: 'firestore',
    publicMessage: `The stored document ${snapshot.ref.path} is not valid at "${path}".`,
    cause: parsed.error,
  });
}

/** As `parseDocument`, over a query's result. */
export function parseDocuments<T>(
  snapshots: readonly DocumentSnapshot[],
  schema: z.ZodType<T>,
): T[] {
  return snapshots.flatMap((snapshot) => {
    const parsed = parseDocument(snapshot, schema);
    return parsed === null ? [] : [parsed];
  });
}

/** Told of each stored document that breaks its schema, by its path. */
export type ReportUnreadable = (path: string) => void;

/**
 * As `parseDocuments`, for work that serves every customer: a document that breaks its schema is
 * reported and left out, so that it stops nobody else's.
 */
export function parseReadable<T>(
  snapshots: readonly DocumentSnapshot[],
  schema: z.ZodType<T>,
  report: ReportUnreadable,
): T[] {
  return snapshots.flatMap((snapshot) => {
    const parsed = schema.safeParse(toDates(snapshot.data()));
    if (parsed.success) return [parsed.data];
    report(snapshot.ref.path);
    return [];
  });
}

const maxRemembered = 100;

/**
 * As `parseDocument`, for documents that are read far more often than they are written: a content
 * that was parsed before is recognised by its path and update time, and not parsed again.
 */
export function createDocumentMemory<T>(
  schema: z.ZodType<T>,
): (snapshot: DocumentSnapshot) => T | null {
  const known = new Map<string, { readonly updateTime: Timestamp; readonly value: T }>();
  return (snapshot) => {
    const { ref, updateTime } = snapshot;
    const latest = known.get(ref.path);
    if (latest && updateTime?.isEqual(latest.updateTime)) return latest.value;
    const value = parseDocument(snapshot, schema);
    if (value === null || !updateTime) return value;
    if (known.size >= maxRemembered) known.clear();
    known.set(ref.path, { updateTime, value });
    return value;
  };
}

/** Runs an operation of the store; what it throws is an `ImportError`. */
export async function translated<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw toStoreError(error);
  }
}

/** What a transaction and a batch have in common: writes that happen together or not at all. */
export interface Writes {
  create(reference: DocumentReference, data: DocumentData): unknown;
  set(reference: DocumentReference, data: DocumentData, options: SetOptions): unknown;
  update(
    reference: DocumentReference,
    data: UpdateData<DocumentData>,
    precondition?: Precondition,
  ): unknown;
}

/** Runs `body` in a transaction; the SDK tries again after contention and ambiguous commits. */
export function inTransaction<T>(
  db: Firestore,
  body: Parameters<typeof db.runTransaction<T>>[0],
): Promise<T> {
  return translated(() => db.runTransaction(body, { maxAttempts: 8 }));
}

/**
 * Whether a commit outside of a transaction failed for what a transaction would find out: somebody
 * has changed a document meanwhile, or it is not known whether the commit happened.
 */
export function isRefusalOfCommit(error: unknown): boolean {
  const code = readCode(error);
  if (code === null) return false;
  return transientCodes.has(code) || [alreadyExists, notFound, failedPrecondition].includes(code);
}

function toStoreError(error: unknown): ImportError {
  if (error instanceof ImportError) return error;
  const code = readCode(error);
  const kind =
    code === alreadyExists
      ? 'conflict'
      : code === notFound
        ? 'not_found'
        : code !== null && transientCodes.has(code)
          ? 'unavailable'
          : 'internal';
  return new ImportError({
    kind,
    source: 'firestore',
    publicMessage: messages[kind],
    cause: error,
  });
}

const messages = {
  conflict: 'The record exists already.',
  not_found: 'There is no such record.',
  unavailable: 'The database did not answer. Try again.',
  internal: 'The database refused the operation.',
} as const;

function readCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'number' ? error.code : null;
}

function toDates(value: unknown): unknown {
  if (value instanceof Timestamp) return value.toDate();
  if (Array.isArray(value)) return value.map(toDates);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toDates(inner)]));
}
