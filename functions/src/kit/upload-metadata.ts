import { z } from 'zod';
import { ImportError } from '../core/errors.ts';
import type { SourceParticipant } from '../core/imports/source-call.ts';
import { parseCsvLines } from './upload-metadata-csv.ts';
import type { CsvLine } from './upload-metadata-csv.ts';
import { parseUploadDate } from './upload-metadata-date.ts';
import { parsePeople } from './upload-metadata-people.ts';

const uploadMetadataLimits = {
  maxBytes: 1024 * 1024,
  maxRows: 10_000,
} as const;

/** What was said about one file. Unknown is null. */
export interface UploadRow {
  /** As the upload was named. */
  readonly file: string;
  readonly title: string | null;
  readonly startedAt: Date | null;
  readonly participants: readonly SourceParticipant[];
}

/** Something that somebody has to correct; never quotes a title or a person. */
export interface UploadMetadataProblem {
  /** The line of a CSV file, from 1; null for JSON. */
  readonly line: number | null;
  /** Into the JSON, or into the rows of a CSV file: `/0/date`. */
  readonly pointer: string;
  /** `file`, `title`, `date`, `participants`, or the column's own name; null for the whole. */
  readonly column: string | null;
  readonly message: string;
}

export interface UploadMetadata {
  /** The rows without problems. */
  readonly rows: readonly UploadRow[];
  readonly problems: readonly UploadMetadataProblem[];
  /** What was assumed, to be shown to whoever sent it. */
  readonly notes: readonly string[];
}

const columns = ['file', 'title', 'date', 'participants'] as const;
type Column = (typeof columns)[number];

/** What people write above these columns, in lower case and with single spaces. */
const synonyms: Readonly<Record<Column, readonly string[]>> = {
  file: ['file', 'filename', 'file name', 'recording', 'recording file', 'audio', 'audio file'],
  title: ['title', 'subject', 'topic', 'call title', 'meeting', 'meeting title', 'call name'],
  date: [
    ...['date', 'datetime', 'date time', 'date/time', 'time', 'started', 'started at'],
    ...['startedat', 'start', 'start time', 'start date', 'recorded at', 'call date'],
  ],
  participants: ['participants', 'participant', 'attendees', 'people', 'speakers'],
};

interface RawRow {
  readonly line: number | null;
  readonly index: number;
  readonly values: Readonly<Partial<Record<Column, unknown>>>;
}

type AddProblem = (problem: UploadMetadataProblem) => void;

/**
 * Reads what was said about uploaded files: an array of `{ file, title?, date?, participants? }`, the
 * same as JSON text, or CSV text with those columns, whatever is wrong being listed and not thrown.
 * With `files`, the names of the uploads, a row about another file is a problem.
 * Dates without a zone are taken as UTC, and `notes` says so.
 */
export function parseUploadMetadata(
  input: unknown,
  options: { readonly files?: readonly string[] } = {},
): UploadMetadata {
  const problems: UploadMetadataProblem[] = [];
  const addProblem: AddProblem = (problem) => void problems.push(problem);
  const raw = readRows(input, addProblem);
  const names = options.files === undefined ? null : groupNames(options.files);
  const seen = new Map<string, RawRow>();
  const withoutZone: RawRow[] = [];
  const rows: UploadRow[] = [];
  for (const row of raw) {
    const before = problems.length;
    const file = readFile(row, { names, seen, addProblem });
    const title = readTitle(row, addProblem);
    const date = readDate(row, addProblem);
    const participants = readParticipants(row, addProblem);
    if (problems.length > before || file === null) continue;
    if (date !== null && !date.hasZone) withoutZone.push(row);
    rows.push({ file, title, startedAt: date?.instant ?? null, participants });
  }
  return { rows, problems, notes: toNotes(withoutZone) };
}

/**
 * The rows of `parseUploadMetadata` where nothing is wrong with any.
 * @throws `bad_request` naming the first problems by line and column
 */
export function requireUploadRows(metadata: UploadMetadata): readonly UploadRow[] {
  const { problems, rows } = metadata;
  if (problems.length === 0) return rows;
  const shown = problems.slice(0, 10).map(describeProblem);
  const more = problems.length - shown.length;
  throw new ImportError({
    kind: 'bad_request',
    source: 'uploads',
    publicMessage: `The list of files has to be corrected: ${shown.join(' ')}${more > 0 ? ` And ${String(more)} more.` : ''}`,
  });
}

function describeProblem({ line, pointer, column, message }: UploadMetadataProblem): string {
  const place = line === null ? pointer : `line ${String(line)}`;
  const where = [place, line === null ? null : column].filter(Boolean).join(', ');
  return where === '' ? message : `${where}: ${message}`;
}

function readRows(input: unknown, addProblem: AddProblem): readonly RawRow[] {
  const whole = (message: string) => addProblem({ line: null, pointer: '', column: null, message });
  if (typeof input !== 'string') return readJsonRows(input, whole, addProblem);
  if (Buffer.byteLength(input) > uploadMetadataLimits.maxBytes) {
    whole('The text is longer than 1 MB: split it into several imports.');
    return [];
  }
  if (!/^\uFEFF?\s*\[/.test(input)) return readCsvRows(input, whole, addProblem);
  try {
    const json: unknown = JSON.parse(input.replace(/^\uFEFF/, ''));
    return readJsonRows(json, whole, addProblem);
  } catch {
    whole('The text begins like JSON and is none.');
    return [];
  }
}

const JsonRow = z.looseObject({ file: z.unknown() });

function readJsonRows(
  input: unknown,
  whole: (message: string) => void,
  addProblem: AddProblem,
): readonly RawRow[] {
  const entries = z.array(z.unknown()).safeParse(input);
  if (!entries.success) whole('An array of { file, title, date, participants } is expected.');
  else if (entries.data.length > uploadMetadataLimits.maxRows) whole(tooManyRows);
  else return entries.data.flatMap((entry, index) => readJsonRow(entry, index, addProblem));
  return [];
}

const tooManyRows = 'There are more than 10,000 rows: split them into several imports.';

function readJsonRow(entry: unknown, index: number, addProblem: AddProblem): readonly RawRow[] {
  const pointer = `/${String(index)}`;
  const row = JsonRow.safeParse(entry);
  if (!row.success) {
    addProblem({ line: null, pointer, column: null, message: 'An object is expected.' });
    return [];
  }
  for (const name of Object.keys(row.data)) {
    if (columns.some((column) => column === name)) continue;
    const message = `Unknown field; known are ${columns.join(', ')}.`;
    addProblem({ line: null, pointer: `${pointer}/${escapePointer(name)}`, column: name, message });
  }
  return [{ line: null, index, values: row.data }];
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function readCsvRows(
  text: string,
  whole: (message: string) => void,
  addProblem: AddProblem,
): readonly RawRow[] {
  const parsed = parseCsvLines(text);
  if (typeof parsed === 'string') {
    whole(parsed);
    return [];
  }
  const [header, ...records] = parsed;
  if (header === undefined) {
    whole('The text is empty.');
    return [];
  }
  if (records.length > uploadMetadataLimits.maxRows) {
    whole(tooManyRows);
    return [];
  }
  const names = header.cells.map((cell, at) => readHeader(cell, { at, header, addProblem }));
  if (!names.includes('file')) {
    const message = 'There is no column “file”: the first line has to name the columns.';
    addProblem({ line: header.line, pointer: '', column: 'file', message });
    return [];
  }
  return records.flatMap(({ line, cells }, index) => {
    if (cells.slice(names.length).some((cell) => cell !== '')) {
      const message = `There are ${String(cells.length)} fields and ${String(names.length)} columns: a field that contains the separator has to be in quotes.`;
      addProblem({ line, pointer: `/${String(index)}`, column: null, message });
      return [];
    }
    const named = names.flatMap((name, at) =>
      name === null ? [] : [[name, cells[at] ?? ''] as const],
    );
    const values = Object.fromEntries(named);
    return [{ line, index, values }];
  });
}

function readHeader(
  cell: string,
  context: { at: number; header: CsvLine; addProblem: AddProblem },
): Column | null {
  const { at, header, addProblem } = context;
  const toColumn = (text: string) => {
    const name = text
      .toLowerCase()
      .replace(/[\s_-]+/g, ' ')
      .trim();
    return columns.find((column) => synonyms[column].includes(name)) ?? null;
  };
  const found = toColumn(cell);
  const isRepeated =
    found !== null && header.cells.slice(0, at).some((other) => toColumn(other) === found);
  if (found !== null && !isRepeated) return found;
  // A separator at the end of every line makes a column without a name or content.
  if (cell === '') return null;
  const message = isRepeated
    ? `“${cell}” is the second column for ${found}.`
    : `Unknown column “${cell}”; known are ${columns.join(', ')}.`;
  addProblem({ line: header.line, pointer: '', column: cell, message });
  return null;
}

interface Reading {
  /** The uploads' names by `toName`; null: whatever is named is taken. */
  readonly names: ReadonlyMap<string, readonly string[]> | null;
  readonly seen: Map<string, RawRow>;
  readonly addProblem: AddProblem;
}

/** Composed and decomposed accents look alike: macOS names files with the one, people type the other. */
function toName(file: string): string {
  return file.trim().normalize('NFC');
}

function groupNames(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  return Map.groupBy(files, toName);
}

function readFile(row: RawRow, { names, seen, addProblem }: Reading): string | null {
  const add = (message: string) => addProblem(toProblem(row, 'file', message));
  const text = z.string().trim().min(1).max(1000).safeParse(row.values.file);
  if (!text.success) {
    add('The name of a file is expected.');
    return null;
  }
  const name = toName(text.data);
  const earlier = seen.get(name);
  if (earlier !== undefined) {
    add(`“${text.data}” was named before, on ${placeOf(earlier)}.`);
    return null;
  }
  seen.set(name, row);
  if (names === null) return text.data;
  const [upload, ...others] = names.get(name) ?? [];
  if (upload === undefined) add(`No file “${text.data}” was uploaded.`);
  if (others.length > 0) add(`${String(others.length + 1)} files are called “${text.data}”.`);
  return upload ?? null;
}

function placeOf({ line, index }: RawRow): string {
  return line === null ? `/${String(index)}` : `line ${String(line)}`;
}

function readTitle(row: RawRow, addProblem: AddProblem): string | null {
  const title = z.string().trim().max(1000).nullish().safeParse(row.values.title);
  if (title.success) return title.data || null;
  addProblem(toProblem(row, 'title', 'A text of up to 1,000 characters is expected.'));
  return null;
}

function readDate(row: RawRow, addProblem: AddProblem) {
  const { date } = row.values;
  if (date === undefined || date === null || date === '') return null;
  const parsed = typeof date === 'string' ? parseUploadDate(date) : null;
  if (parsed !== null) return parsed;
  const quoted =
    typeof date === 'string'
      ? `“${date.slice(0, 40)}” is no date that is understood`
      : 'This is no date';
  const message = `${quoted}: write 2025-03-31, 2025-03-31 14:05 (in UTC) or 2025-03-31T14:05:00+02:00.`;
  addProblem(toProblem(row, 'date', message));
  return null;
}

function readParticipants(row: RawRow, addProblem: AddProblem): readonly SourceParticipant[] {
  const reading = parsePeople(row.values.participants);
  if ('people' in reading) return reading.people;
  const problem = toProblem(row, 'participants', reading.problem);
  const at = reading.at === null ? '' : `/${String(reading.at)}`;
  addProblem({ ...problem, pointer: `${problem.pointer}${at}` });
  return [];
}

function toProblem(row: RawRow, column: Column, message: string): UploadMetadataProblem {
  return { line: row.line, pointer: `/${String(row.index)}/${column}`, column, message };
}

function toNotes(withoutZone: readonly RawRow[]): readonly string[] {
  if (withoutZone.length === 0) return [];
  const places = withoutZone.slice(0, 5).map(placeOf).join(', ');
  const more = withoutZone.length > 5 ? ' and others' : '';
  return [
    `${String(withoutZone.length)} dates have no time zone and were taken as UTC (${places}${more}).`,
  ];
}
