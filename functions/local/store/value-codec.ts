import { FieldValue, GeoPoint, Timestamp } from 'firebase-admin/firestore';
import type { DocumentData, Firestore } from 'firebase-admin/firestore';

/**
 * Document fields as plain JSON. What JSON cannot say is an object with one key that starts with
 * `$`; a stored map that looks like that is wrapped in `$map`, so that decoding is unambiguous.
 */
export function encodeFields(data: DocumentData): Record<string, unknown> {
  return encodeMapEntries(data);
}

/** The inverse of `encodeFields`; references are bound to `firestore`. */
export function decodeFields(encoded: Record<string, unknown>, firestore: Firestore): DocumentData {
  const data: DocumentData = {};
  for (const [key, value] of Object.entries(encoded)) data[key] = decodeValue(value, firestore);
  return data;
}

/** Returns what came in wherever JSON can hold it: most documents are not copied at all. */
function encodeMapEntries(map: Record<string, unknown>): Record<string, unknown> {
  let copy: Record<string, unknown> | null = null;
  for (const key of Object.keys(map)) {
    const value = map[key];
    const encoded = encodeValue(value);
    if (encoded === value) continue;
    copy ??= { ...map };
    copy[key] = encoded;
  }
  return copy ?? map;
}

function encodeValue(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: numberName(value) };
    case 'bigint':
      return { $bigint: value.toString() };
    case 'object':
      return value === null ? null : encodeObject(value);
    default:
      throw new TypeError(`A document can't hold a ${typeof value}.`);
  }
}

function numberName(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function encodeObject(value: object): unknown {
  if (Array.isArray(value)) return encodeList(value);
  if (value instanceof Timestamp) return { $timestamp: [value.seconds, value.nanoseconds] };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (value instanceof GeoPoint) return { $geoPoint: [value.latitude, value.longitude] };
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    // Its prototype says that it is a plain object.
    const encoded = encodeMapEntries(value as Record<string, unknown>);
    return isSpecial(encoded) ? { $map: encoded } : encoded;
  }
  if (isVector(value)) return { $vector: value.toArray() };
  if ('path' in value && typeof value.path === 'string') return { $reference: value.path };
  throw new TypeError('A document holds a value of a kind that is not known.');
}

/** The SDK does not export the class of its vectors. */
export function isVector(value: object): value is { toArray(): number[] } {
  return 'toArray' in value && typeof value.toArray === 'function';
}

function encodeList(list: readonly unknown[]): readonly unknown[] {
  const encoded = list.map(encodeValue);
  return encoded.some((value, index) => value !== list[index]) ? encoded : list;
}

function isSpecial(value: object): boolean {
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0]?.startsWith('$') === true;
}

function decodeValue(value: unknown, firestore: Firestore): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => decodeValue(item, firestore));
  // JSON.parse yields plain objects only.
  const map = value as Record<string, unknown>;
  return isSpecial(map) ? decodeSpecial(map, firestore) : decodeFields(map, firestore);
}

function decodeSpecial(map: Record<string, unknown>, firestore: Firestore): unknown {
  // The journal is written by `encodeValue` alone: each key comes with the type given to it there.
  const special = map as {
    $number?: string;
    $bigint?: string;
    $timestamp?: [number, number];
    $bytes?: string;
    $geoPoint?: [number, number];
    $vector?: number[];
    $reference?: string;
    $map?: Record<string, unknown>;
  };
  if (special.$timestamp !== undefined) return new Timestamp(...special.$timestamp);
  if (special.$number !== undefined) return Number(special.$number);
  if (special.$bytes !== undefined) return Buffer.from(special.$bytes, 'base64');
  if (special.$map !== undefined) return decodeFields(special.$map, firestore);
  if (special.$reference !== undefined) return firestore.doc(special.$reference);
  if (special.$geoPoint !== undefined) return new GeoPoint(...special.$geoPoint);
  if (special.$vector !== undefined) return FieldValue.vector(special.$vector);
  if (special.$bigint !== undefined) return BigInt(special.$bigint);
  throw new TypeError(
    `The journal holds a value of a kind that is not known: ${Object.keys(map)[0]}.`,
  );
}
