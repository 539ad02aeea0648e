const shape =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** An instant as somebody wrote it; `hasZone` is false where UTC had to be assumed. */
export interface UploadDate {
  readonly instant: Date;
  readonly hasZone: boolean;
}

/**
 * Reads an ISO 8601 date or date-time; one without a zone is taken as UTC. Null for anything else:
 * `03/04/2025` means two days, and which one nobody knows.
 */
export function parseUploadDate(text: string): UploadDate | null {
  const match = shape.exec(text.trim());
  if (match === null) return null;
  const [, year, month, day, hours = '00', minutes = '00', seconds = '00', fraction = ''] = match;
  const zone = match[8];
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3);
  const utc = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${milliseconds}Z`;
  const instant = new Date(utc);
  // The 30th of February becomes a day in March: what does not come back as it was is no date.
  if (Number.isNaN(instant.getTime()) || instant.toISOString() !== utc) return null;
  const offsetMs = toOffsetMs(zone ?? 'Z');
  if (offsetMs === null) return null;
  return { instant: new Date(instant.getTime() - offsetMs), hasZone: zone !== undefined };
}

function toOffsetMs(zone: string): number | null {
  if (zone.toUpperCase() === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 14 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
