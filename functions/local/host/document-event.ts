import { GeoPoint, Timestamp } from 'firebase-admin/firestore';
import type { DocumentData } from 'firebase-admin/firestore';
import type { StoredDocument } from '../store/stored-document.ts';
import type { DocumentWrite } from '../store/embedded-store.ts';
import { isVector } from '../store/value-codec.ts';
import type { DocumentEventKind } from './endpoint.ts';

/** A Firestore CloudEvent with its data in JSON; itself JSON, so that it can wait in a queue. */
export interface DocumentEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  readonly type: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly project: string;
  readonly database: '(default)';
  readonly namespace: '(default)';
  readonly location: string;
  readonly document: string;
  readonly data: { readonly value?: EventDocument; readonly oldValue?: EventDocument };
}

interface EventDocument {
  readonly name: string;
  readonly fields: Readonly<Record<string, EventValue>>;
  readonly createTime: string;
  readonly updateTime: string;
}

/** Whether a write is one that a trigger of that kind waits for. */
export function concerns(kind: DocumentEventKind, write: DocumentWrite): boolean {
  switch (kind) {
    case 'created':
      return write.before === null;
    case 'deleted':
      return write.after === null;
    case 'updated':
      return write.before !== null && write.after !== null;
    case 'written':
      return true;
  }
}

/**
 * The event that a write causes.
 * @see https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/firestore/v1/data.proto
 */
export function toDocumentEvent(
  write: DocumentWrite,
  options: { projectId: string; region: string; eventType: string },
): DocumentEvent {
  const database = `projects/${options.projectId}/databases/(default)`;
  const toDocument = (stored: StoredDocument): EventDocument => ({
    name: `${database}/documents/${stored.path}`,
    fields: toFields(stored.data, database),
    createTime: toIso(stored.createTime),
    updateTime: toIso(stored.updateTime),
  });
  return {
    specversion: '1.0',
    id: write.id,
    source: `//firestore.googleapis.com/${database}`,
    subject: `documents/${write.path}`,
    type: options.eventType,
    time: write.time.toISOString(),
    datacontenttype: 'application/json',
    project: options.projectId,
    database: '(default)',
    namespace: '(default)',
    location: options.region,
    document: write.path,
    data: {
      ...(write.after && { value: toDocument(write.after) }),
      ...(write.before && { oldValue: toDocument(write.before) }),
    },
  };
}

/** A `google.firestore.v1.Value` in proto3 JSON: one key that names its type. */
type EventValue = Readonly<Record<string, unknown>>;

function toFields(data: DocumentData, database: string): Record<string, EventValue> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, toValue(value, database)]),
  );
}

function toValue(value: unknown, database: string): EventValue {
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { booleanValue: value };
  if (typeof value === 'bigint') return { integerValue: value.toString() };
  if (typeof value === 'number') return toNumber(value);
  if (typeof value === 'object') return toObject(value, database);
  throw new TypeError(`A document can't hold a ${typeof value}.`);
}

function toNumber(value: number): EventValue {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return { integerValue: `${value}` };
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}

function toObject(value: object, database: string): EventValue {
  if (Array.isArray(value)) {
    return { arrayValue: { values: value.map((item) => toValue(item, database)) } };
  }
  if (value instanceof Timestamp) return { timestampValue: toIso(value) };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (value instanceof GeoPoint) {
    return { geoPointValue: { latitude: value.latitude, longitude: value.longitude } };
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return { mapValue: { fields: toFields(Object.fromEntries(Object.entries(value)), database) } };
  }
  if (isVector(value)) return toVector(value.toArray(), database);
  if ('path' in value) return { referenceValue: `${database}/documents/${String(value.path)}` };
  throw new TypeError('A document holds a value of a kind that is not known.');
}

function toVector(numbers: readonly number[], database: string): EventValue {
  const fields = { __type__: { stringValue: '__vector__' }, value: toValue(numbers, database) };
  return { mapValue: { fields } };
}

/** ISO 8601 with all nine digits of the nanoseconds. */
function toIso(timestamp: Timestamp): string {
  const seconds = new Date(timestamp.seconds * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(timestamp.nanoseconds).padStart(9, '0')}Z`;
}
