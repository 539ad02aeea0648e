/**
 * One line of CSV (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe in
 * front: it then shows what was typed. @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function toCsvLine(values: readonly (string | number | null)[]): string {
  return `${values.map(toField).join(',')}\r\n`;
}

function toField(value: string | number | null): string {
  if (typeof value === 'number') return String(value);
  const text = value ?? '';
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
