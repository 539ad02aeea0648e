import { UsageError } from '../lib/usage-error.ts';
import { toApiClient, type ApiRequest } from '../start/api-client.ts';
import { uploadFolder } from '../start/upload-files.ts';
import { readCredentials } from './credentials-input.ts';
import type { CommandLine } from './options.ts';

/** The body of `POST /admin/imports` that a command line describes; uploads its files first. */
export async function toImportBody(
  line: CommandLine,
  request: ApiRequest,
): Promise<Readonly<Record<string, unknown>>> {
  const customerId = line.required('customer');
  const platform = line.required('platform');
  const options = toImportOptions(line);
  const files = line.text('files');
  if (files !== null) {
    const folder = { path: files, customerId };
    const { uploads, metadata, leftOut } = await uploadFolder(toApiClient(request), folder);
    if (leftOut.length > 0) console.error(`Left out, no recordings: ${leftOut.join(', ')}.`);
    return { customerId, platform, uploads, metadata, options };
  }
  const credentialId = line.text('credential-id');
  if (credentialId !== null) return { customerId, platform, credentialId, options };
  const credentials = await readCredentials(line, platform, request);
  return { customerId, platform, options, ...(credentials && { credentials }) };
}

function toImportOptions(line: CommandLine): Readonly<Record<string, unknown>> {
  const [start, end] = [toInstant(line, 'from'), toInstant(line, 'to')];
  const filters = toFilters(line.list('filter'));
  const schedule = line.text('schedule');
  return {
    ...((start ?? end) !== null && { dateRange: { ...(start && { start }), ...(end && { end }) } }),
    ...(filters && { filters }),
    ...(schedule && { schedule }),
    ...(line.isSet('dry-run') && { dryRun: true }),
  };
}

/** An option's time; a day begins at midnight UTC, as platforms count them. @throws UsageError */
export function toInstant(line: CommandLine, option: string): string | null {
  const text = line.text(option);
  if (text === null) return null;
  const instant = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(instant.getTime())) {
    return instant.toISOString();
  }
  throw new UsageError(
    `--${option} takes a day like 2026-01-31, or an instant like 2026-01-31T08:00:00Z, not "${text}".`,
  );
}

function toFilters(given: readonly string[]): Readonly<Record<string, string>> | null {
  if (given.length === 0) return null;
  return Object.fromEntries(
    given.map((text) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      if (name === undefined || value === undefined) {
        throw new UsageError(`--filter takes <name>=<value>, not "${text}".`);
      }
      return [name, value];
    }),
  );
}
