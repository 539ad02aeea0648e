import { z } from 'zod';
import type { FieldChange, PlatformDrift } from '../core/drift/platform-drift.ts';

/** A drift before it is known whose it is. */
export type AnswerDrift = Omit<PlatformDrift, 'platform'>;

const maxChanges = 5;
const maxSampleCharacters = 1000;

/** What a schema found wrong with a value, as names and types; costs nothing where nothing is wrong. */
export function toDrift(found: {
  /** Where the value came from: a request's path, or where records are in an answer. */
  readonly place: string;
  readonly error: z.ZodError;
  readonly value: unknown;
}): AnswerDrift {
  const changes = found.error.issues.map((issue) => toChange(issue, found.value));
  const distinct = new Map(changes.map((change) => [JSON.stringify(change), change]));
  return {
    place: toPlace(found.place),
    changes: [...distinct.values()].slice(0, maxChanges),
    sample: toShape(found.value).slice(0, maxSampleCharacters),
  };
}

function toChange(issue: z.core.$ZodIssue, value: unknown): FieldChange {
  const input = issue.path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined,
    value,
  );
  return { path: toFieldPath(issue.path), wanted: toWanted(issue), got: toType(input) };
}

function toWanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected;
    case 'invalid_format':
      return issue.format;
    case 'invalid_value':
      return issue.values.map(String).join(' or ');
    case 'invalid_union':
      return 'one of several';
    default:
      return issue.code.replaceAll('_', ' ');
  }
}

/** `calls[].parties[].name`; a key that is data itself, like a name, is not shown. */
function toFieldPath(path: readonly PropertyKey[]): string {
  const text = path
    .map((key) => (typeof key === 'number' ? '[]' : `.${toKey(String(key))}`))
    .join('')
    .replace(/^\./, '');
  return text === '' ? '(whole)' : text;
}

/** GraphQL's aliases are numbered. */
function toKey(key: string): string {
  return /^[A-Za-z_$][\w$-]{0,40}$/.test(key) ? key.replace(/\d+$/, '') : '(key)';
}

/** A path without what looks like an id, so that one endpoint is one place. */
function toPlace(path: string): string {
  return path
    .split('/')
    .map((part) => (/^(?:v\d+|[A-Za-z_.:-]{1,30})?$/.test(part) ? part : '(id)'))
    .join('/');
}

function toType(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'string' ? 'text' : typeof value;
}

const maxDepth = 5;
const maxKeys = 30;

/** The shape of a value: `{ id: text(19), parties: [3 × { name: text(7) }] }`. Nothing of its content. */
export function toShape(value: unknown, depth = 0): string {
  if (typeof value === 'string') return `text(${String(value.length)})`;
  if (typeof value !== 'object' || value === null) return toType(value);
  if (depth >= maxDepth) return '…';
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[${String(value.length)} × ${toShape(value[0], depth + 1)}]`;
  }
  const entries = Object.entries(value);
  const fields = entries
    .slice(0, maxKeys)
    .map(([key, inner]) => `${toKey(key)}: ${toShape(inner, depth + 1)}`);
  if (entries.length > maxKeys) fields.push('…');
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

const leastRecords = 20;

/**
 * The fields of a schema that not one of many records has: optional ones, which break nothing when a
 * platform drops or renames them, and without which every call is imported poorer. Null for none, or
 * for too few records to tell. One look at a whole record is all that it costs.
 */
export function findAbsentFields(found: {
  readonly place: string;
  readonly schema: z.ZodType;
  readonly records: readonly unknown[];
}): AnswerDrift | null {
  const { schema, records } = found;
  if (records.length < leastRecords || !(schema instanceof z.ZodObject)) return null;
  const absent = new Set(Object.keys(schema.shape));
  for (const record of records) {
    if (absent.size === 0) return null;
    for (const key of absent) {
      if (typeof record === 'object' && record !== null && key in record) absent.delete(key);
    }
  }
  if (absent.size === 0) return null;
  const changes = [...absent].map((path) => ({ path, wanted: 'in some record', got: 'missing' }));
  const sample = toShape(records[0]).slice(0, maxSampleCharacters);
  return { place: found.place, changes: changes.slice(0, maxChanges), sample };
}
