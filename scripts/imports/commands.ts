import { z } from 'zod';
import { ApiProblem, toApiClient, type JobAnswer } from '../start/api-client.ts';
import { watchImport } from '../start/watch-import.ts';
import type { Connection } from './connection.ts';
import { readCredentials } from './credentials-input.ts';
import { toImportBody, toInstant } from './import-body.ts';
import type { CommandLine, CommandName } from './options.ts';
import { toOutline, toTable, toTitle } from './tables.ts';

/** Ends with this code; see the usage. */
export type ExitCode = 0 | 1 | 3;
export type Command = (line: CommandLine, connection: Connection) => Promise<ExitCode>;

const Created = z.object({
  jobId: z.string().nullable(),
  estimatedCalls: z.number().nullable(),
  estimatedDuration: z.string().nullable(),
});
const Listed = z.array(
  z.object({
    ...{ id: z.string(), platform: z.string(), status: z.string(), createdAt: z.string() },
    ...{ totalCalls: z.number().nullable(), processedCalls: z.number(), failedCalls: z.number() },
  }),
);
const Report = z.object({
  ...{ jobId: z.string(), status: z.string(), isComplete: z.boolean(), explanation: z.string() },
  counts: z.record(z.string(), z.number().nullable()),
});
const Field = z.object({ name: z.string(), required: z.boolean() });
const Platforms = z.array(
  z.object({
    ...{ platform: z.string(), displayName: z.string(), status: z.string() },
    ...{ limits: z.string().nullable(), credentials: z.array(Field), filters: z.array(Field) },
  }),
);

const Preview = z.looseObject({ summary: z.string() });
const Story = z.object({
  ...{ explanation: z.string(), next: z.string() },
  ...{ calls: z.array(z.record(z.string(), z.unknown())), listings: z.array(z.unknown()) },
});

/** Every command but the doctor, which has to work where nothing else does. */
export const commands: Readonly<Record<Exclude<CommandName, 'doctor'>, Command>> = {
  create: async (line, connection) => {
    const body = await toImportBody(line, connection.request);
    const answer = await connection.request('POST', '/imports', body);
    const { jobId, estimatedCalls, estimatedDuration } = Created.parse(answer.body);
    const calls =
      estimatedCalls === null ? 'how many calls is not known yet' : `about ${estimatedCalls} calls`;
    const about = `${calls}${estimatedDuration ? `, ${estimatedDuration}` : ''}`;
    if (jobId === null) return print(line, answer.body, `Nothing was started: ${about}.`);
    if (line.isSet('watch')) return watch(line, connection, jobId);
    const next = `Watch it: npm run imports -- watch ${jobId}`;
    return print(line, answer.body, `Import ${jobId} starts: ${about}.\n${next}`);
  },
  preview: async (line, { request }) => {
    const body = await toImportBody(line, request);
    const answer = await request('POST', '/imports/preview', body).catch(explainMissing);
    const { summary, ...rest } = Preview.parse(answer.body);
    return print(line, answer.body, `${summary}\n\n${toOutline(rest)}`);
  },
  list: async (line, { request }) => {
    const query = new URLSearchParams({ customerId: line.required('customer'), limit: '100' });
    for (const name of ['status', 'platform']) {
      const value = line.text(name);
      if (value !== null) query.set(name, value);
    }
    const answer = await request('GET', `/imports?${query.toString()}`);
    return print(line, answer.body, toJobTable(Listed.parse(answer.body)));
  },
  watch: (line, connection) => watch(line, connection, toId(line)),
  retry: async (line, connection) => {
    const { request } = connection;
    const job = await toApiClient(request).getImport(toId(line));
    const credentialId = line.text('credential-id');
    const credentials = await readCredentials(line, job.platform, request);
    const code = line.text('code');
    const query = code === null ? '' : `?${new URLSearchParams({ code }).toString()}`;
    const path = `${toPath(line)}/retry${query}`;
    const answer = await request('POST', path, {
      ...(credentials && { credentials }),
      ...(credentialId && { credentialId }),
    });
    const { retriedCount } = z.object({ retriedCount: z.number() }).parse(answer.body);
    if (line.isSet('watch')) return watch(line, connection, job.id);
    return print(line, answer.body, `${String(retriedCount)} failed calls start again.`);
  },
  pause: (line, connection) => control(line, connection, 'pause'),
  resume: (line, connection) => control(line, connection, 'resume'),
  cancel: async (line, { request }) => {
    const answer = await request('DELETE', toPath(line));
    return print(line, answer.body, `Import ${toId(line)} is cancelled.`);
  },
  report: async (line, { request }) => {
    const answer = await request('GET', `${toPath(line)}/report`);
    const { jobId, status, counts, explanation } = Report.parse(answer.body);
    const rows = Object.entries(counts).map(([name, count]) => [
      toTitle(name),
      String(count ?? 'unknown'),
    ]);
    const head = `Import ${jobId}: ${status}`;
    print(line, answer.body, `${head}\n${toTable(['What', 'Calls'], rows)}\n${explanation}`);
    return toExitCode(status);
  },
  why: async (line, { request }) => {
    const [reference = ''] = line.operands;
    const query = new URLSearchParams({ customerId: line.required('customer'), reference });
    const startedAt = toInstant(line, 'started-at');
    if (startedAt !== null) query.set('startedAt', startedAt);
    const path = `/calls/why?${query.toString()}`;
    const answer = await request('GET', path).catch(explainMissing);
    const { explanation, next, calls, listings } = Story.parse(answer.body);
    const [call] = calls;
    // Where there are calls, what was asked of the platform explains nothing.
    const rest = call ? { calls: calls.length === 1 ? [withoutStory(call)] : calls } : { listings };
    const text = `${explanation}\nWhat to do: ${next}\n\n${toOutline(rest)}`;
    return print(line, answer.body, text);
  },
  platforms: async (line, { request }) => {
    const answer = await request('GET', '/platforms');
    const rows = Platforms.parse(answer.body).map((row) => [
      ...[row.platform, row.displayName, row.status.replace('_', ' ')],
      ...[toNames(row.credentials), toNames(row.filters), row.limits ?? '–'],
    ]);
    const head = ['Platform', 'Name', 'Status', 'Credentials', 'Filters', 'Limits'];
    return print(line, answer.body, toTable(head, rows));
  },
};

/** Bars stay away from standard output, which `--json` keeps for the answer. */
async function watch(line: CommandLine, connection: Connection, jobId: string): Promise<ExitCode> {
  const api = toApiClient(connection.request);
  const isJson = line.isSet('json');
  if (!isJson) console.log(`Import ${jobId}; Ctrl-C leaves it running.`);
  const watched = watchImport(api, jobId, { pollMs: 1_000, patienceMs: 900_000 });
  const onSignal = (): void => {
    watched.stop();
    console.error(
      `\nThe import goes on. To watch it again: npm run imports -- watch ${jobId}\n` +
        `To end it: npm run imports -- cancel ${jobId}`,
    );
    process.exit(130);
  };
  process.on('SIGINT', onSignal);
  const job = await watched.ended;
  process.off('SIGINT', onSignal);
  const answer = isJson ? await connection.request('GET', `/imports/${jobId}`) : null;
  print(line, answer?.body, toEnd(job));
  return toExitCode(job.status);
}

async function control(
  line: CommandLine,
  { request }: Connection,
  action: 'pause' | 'resume',
): Promise<ExitCode> {
  const answer = await request('POST', `${toPath(line)}/${action}`, {});
  const text = action === 'pause' ? 'is paused: what runs ends first' : 'goes on';
  return print(line, answer.body, `Import ${toId(line)} ${text}.`);
}

function print(line: CommandLine, answer: unknown, text: string): ExitCode {
  console.log(line.isSet('json') ? JSON.stringify(answer, null, 2) : text);
  return 0;
}

/** What has ended: 0 done, 3 partial, 1 anything else; what still runs has not failed. */
function toExitCode(status: string): ExitCode {
  if (status === 'partial') return 3;
  return status === 'failed' || status === 'cancelled' ? 1 : 0;
}

/** Of the only call the answer has said it already. */
function withoutStory(call: Readonly<Record<string, unknown>>) {
  return { ...call, explanation: null, next: null };
}

function toId(line: CommandLine): string {
  return line.operands[0] ?? '';
}

function toPath(line: CommandLine): string {
  return `/imports/${encodeURIComponent(toId(line))}`;
}

function toEnd({ id, status, counts, errors, lastError }: JobAnswer): string {
  const { imported, duplicates, failed, rejected, gone } = counts;
  const lines = [
    `Import ${id} ${status}: ${imported} new, ${duplicates} known from before, ` +
      `${failed + rejected} failed, ${gone} gone.`,
    ...errors.map(({ error }) => `  failed: ${error}`),
    ...(lastError ? [`  ${lastError.message}`] : []),
    ...(failed > 0 ? [`Again: npm run imports -- retry ${id}`] : []),
  ];
  return lines.join('\n');
}

function toJobTable(jobs: z.infer<typeof Listed>): string {
  if (jobs.length === 0) return 'There are no such imports.';
  const rows = jobs.map((job) => [
    ...[job.id, job.platform, job.status, `${job.processedCalls}/${job.totalCalls ?? '?'}`],
    ...[String(job.failedCalls), job.createdAt.slice(0, 16).replace('T', ' ')],
  ]);
  return toTable(['Import', 'Platform', 'Status', 'Calls', 'Failed', 'Created'], rows);
}

function toNames(fields: readonly z.infer<typeof Field>[]): string {
  return fields.map(({ name, required }) => (required ? name : `${name}?`)).join(', ') || '–';
}

/** An API that has not the operation yet. */
function explainMissing(error: unknown): never {
  if (error instanceof ApiProblem && ['no_such_path', 'method_not_allowed'].includes(error.code)) {
    throw new Error('The API there is older than this command and can’t do that yet.');
  }
  throw error;
}
