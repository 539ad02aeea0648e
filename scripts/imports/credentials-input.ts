import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { UsageError } from '../lib/usage-error.ts';
import type { ApiRequest } from '../start/api-client.ts';
import type { CommandLine } from './options.ts';

const Platforms = z.array(
  z.object({
    platform: z.string(),
    displayName: z.string(),
    credentials: z.array(z.object({ name: z.string(), required: z.boolean() })),
  }),
);
const Fields = z.record(z.string(), z.unknown());

/** Credentials from the file or standard input that the command line names; null: it names none. */
export async function readCredentials(
  line: CommandLine,
  platform: string,
  request: ApiRequest,
): Promise<Readonly<Record<string, unknown>> | null> {
  const given = await readGiven(line);
  if (given === null) return null;
  const content = given.trim();
  if (content === '') throw new UsageError('The credentials are empty.');
  const fields = Fields.safeParse(parseJson(content));
  if (fields.success) return fields.data;
  return { [await findOnlyField(platform, request)]: content };
}

async function readGiven(line: CommandLine): Promise<string | null> {
  const path = line.text('credentials-file');
  const isPiped = line.text('credentials') === '-';
  if (path !== null && isPiped) {
    throw new UsageError('Give --credentials-file or --credentials -, not both.');
  }
  if (path !== null) {
    return readFile(path, 'utf8').catch(() => {
      throw new UsageError(`The file ${path} can't be read.`);
    });
  }
  if (!isPiped) return null;
  if (process.stdin.isTTY) console.error('Paste the credentials, then Enter and Ctrl-D.');
  return text(process.stdin);
}

/** For a key that comes alone. @throws UsageError for a platform that needs more than one field */
async function findOnlyField(platform: string, request: ApiRequest): Promise<string> {
  const rows = Platforms.parse((await request('GET', '/platforms')).body);
  const row = rows.find((each) => each.platform === platform.toLowerCase());
  const fields = row?.credentials ?? [];
  const [only, ...more] = fields.filter((field) => field.required);
  if (only && more.length === 0) return only.name;
  const names = fields.map(({ name }) => name).join(', ');
  throw new UsageError(
    row && fields.length > 0
      ? `${row.displayName} takes its credentials as a JSON object of ${names}.`
      : 'The credentials are no JSON object.',
  );
}

function parseJson(content: string): unknown {
  try {
    const value: unknown = JSON.parse(content);
    return value;
  } catch {
    return null;
  }
}
