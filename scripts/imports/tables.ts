import Table from 'cli-table3';

/** The last column of wide tables wraps: most terminals show 120 characters or more. */
const mostLast = 60;

/** Rows under a head; in colour only on a terminal. */
export function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const last = Math.max(...rows.map((row) => row.at(-1)?.length ?? 0));
  const free = head.slice(1).map(() => null);
  const table = new Table({
    head: [...head],
    wordWrap: true,
    colWidths: last > mostLast ? [...free, mostLast] : [],
    style: process.stdout.isTTY
      ? { head: ['bold'], compact: true }
      : { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

/**
 * An answer of any shape for a person: what is single comes as a line of name and value, lists come
 * below each other, and what is null is left out.
 */
export function toOutline(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    return value
      .map((item) => `${indent}- ${toOutline(item, `${indent}  `).trimStart()}`)
      .join('\n');
  }
  if (typeof value !== 'object' || value === null) return `${indent}${toWord(value)}`;
  return Object.entries(value)
    .filter(([, inner]) => !isEmpty(inner))
    .map(([name, inner]: [string, unknown]) =>
      typeof inner === 'object'
        ? `${indent}${toTitle(name)}:\n${toOutline(inner, `${indent}  `)}`
        : `${indent}${toTitle(name)}: ${toWord(inner)}`,
    )
    .join('\n');
}

/** Nothing that a person would miss: null, and what holds only that. */
function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === null;
  return Object.values(value).every(isEmpty);
}

/** `engagementId` as a person writes it: "engagement id". */
export function toTitle(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}

function toWord(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const text = String(value);
  const isInstant = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text);
  return isInstant ? `${text.slice(0, 16).replace('T', ' ')} UTC` : text;
}
