import { relative } from 'node:path';
import Table from 'cli-table3';
import type { Engagement } from '../../functions/src/core/engagements/engagement.ts';

const maxRows = 50;

/** The imported engagements as a table; under each its recording's file. */
export function toEngagementTable(
  engagements: readonly Engagement[],
  pathOf: (key: string) => string,
): string {
  const width = Math.max(process.stdout.columns || 120, 80);
  const table = new Table({
    head: ['Title', 'Date', 'Length', 'People', 'First words'],
    colWidths: toWidths(width),
    wordWrap: false,
    style: process.stdout.isTTY
      ? { head: ['bold'], compact: true }
      : { head: [], border: [], compact: true },
  });
  for (const engagement of engagements.slice(0, maxRows)) {
    table.push(toRow(engagement));
    table.push([{ colSpan: 5, content: `  ${toPlace(engagement, pathOf)}` }]);
  }
  const more = engagements.length - maxRows;
  return more > 0 ? `${table.toString()}\n… and ${more} more.` : table.toString();
}

function toWidths(width: number): number[] {
  const [date, length] = [18, 11];
  const rest = width - date - length - 6;
  const share = Math.floor(rest / 3);
  return [share, date, length, share, rest - 2 * share];
}

function toRow(engagement: Engagement): string[] {
  const { title, startedAt, durationSeconds, participants, transcript } = engagement;
  const people = participants.map((person) => person.name ?? person.email ?? person.phone ?? '?');
  return [
    title ?? '–',
    startedAt?.toISOString().slice(0, 16).replace('T', ' ') ?? '–',
    toLength(durationSeconds),
    people.join(', ') || '–',
    transcript?.preview || '–',
  ];
}

function toPlace({ media }: Engagement, pathOf: (key: string) => string): string {
  if (!media) return 'no recording';
  const path = relative(process.cwd(), pathOf(media.key));
  return `${path} (${Math.ceil(media.sizeBytes / 1000)} kB)`;
}

function toLength(seconds: number | null): string {
  if (seconds === null) return '–';
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(Math.floor(seconds % 60)).padStart(2, '0')} min`;
}
