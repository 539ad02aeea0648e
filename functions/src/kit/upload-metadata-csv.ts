import { parse } from 'csv-parse/sync';
import { z } from 'zod';

const CsvRecords = z.array(
  z.object({ record: z.array(z.string()), info: z.looseObject({ lines: z.number() }) }),
);

/** A line with content; `line` is where it begins, from 1. */
export interface CsvLine {
  readonly line: number;
  readonly cells: readonly string[];
}

/** The lines with content of a CSV text, or what is wrong with the whole. */
export function parseCsvLines(text: string): readonly CsvLine[] | string {
  try {
    const records: unknown = parse(text, {
      bom: true,
      delimiter: findSeparator(text),
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    });
    return CsvRecords.parse(records)
      .map(({ record, info }) => ({ line: toFirstLine(record, info.lines), cells: record }))
      .filter(({ cells }) => cells.some((cell) => cell !== ''));
  } catch (error) {
    const line = z.object({ lines: z.number() }).safeParse(error);
    const place = line.success ? ` near line ${String(line.data.lines)}` : '';
    return `This is no CSV: a quotation mark is left open or stands inside a field${place}.`;
  }
}

/** The parser says on which line a record ends; quoted fields may span several. */
function toFirstLine(cells: readonly string[], lastLine: number): number {
  return lastLine - cells.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
}

/** Whatever stands most often between the names of the columns; spreadsheets write any of these. */
function findSeparator(text: string): string {
  const header =
    text.split(/\r?\n/).find((line) => line.replace(/^\uFEFF/, '').trim() !== '') ?? '';
  const plain = header.replace(/"[^"]*"/g, '');
  const counts = [',', ';', '\t'].map((separator) => ({
    separator,
    count: plain.split(separator).length,
  }));
  return counts.reduce((best, each) => (each.count > best.count ? each : best)).separator;
}
