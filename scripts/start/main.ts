/** Boots the backend on this machine and runs an import on it, as `npm start` promises. */
import { appendFile, chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImportError } from '../../functions/src/core/errors.ts';
import { sandboxCredentials } from '../../functions/src/contexts/testing/sandboxes.ts';
import { Engagement } from '../../functions/src/core/engagements/engagement.ts';
import { parseDocuments } from '../../functions/src/gcp/firestore/documents.ts';
import { demoCustomerId } from '../../functions/local/runtime/demo-directory.ts';
import { startRuntime, type Runtime } from '../../functions/local/runtime/runtime.ts';
import { lockFolder } from '../../functions/local/store/folder-lock.ts';
import { UsageError } from '../lib/usage-error.ts';
import { createApiClient, type ApiClient, type JobAnswer } from './api-client.ts';
import { toEngagementTable } from './engagement-table.ts';
import { chooseAccounts } from './sandbox-accounts.ts';
import { readOptions, usage, type StartOptions } from './options.ts';
import { uploadFolder } from './upload-files.ts';
import { watchImport } from './watch-import.ts';

const stopMs = 5_000;

/** Once a signal came: everything stops, and what fails from then on fails because of that. */
let stopping: Promise<never> | null = null;
let isImportOver = false;

/** Lines from the runtime; while a bar is drawn they go above it. */
let say: (line: string) => void = (line) => console.log(line);

async function main(): Promise<number | null> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    console.log(usage);
    return 0;
  }
  const { folder } = options;
  if (options.fresh) await forget(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const runtime = await boot(options);
  stopOnSignals(runtime);
  const token = await runtime.tokens.issue('support');
  await writeSecret(join(folder, 'token'), token);
  await writeSecret(join(folder, 'token.admin'), await runtime.tokens.issue('admin'));
  await writeSecret(join(folder, 'token.viewer'), await runtime.tokens.issue('viewer'));
  const api = createApiClient(runtime.url, token);
  const job = await runImport(api, options);
  isImportOver = true;
  await report(runtime, job);
  if (!options.once) {
    explain(runtime, job, options);
    return null;
  }
  await stop(runtime);
  return isEverythingImported(job) ? 0 : 1;
}

/** What this command keeps in its folder; anything else there is not ours to remove. */
const ownEntries = [
  ...['firestore', 'keys', 'objects', 'queues'],
  ...['runtime.log', 'accounts.json', 'sandbox.json', 'token', 'token.admin', 'token.viewer'],
];

/** @throws ImportError `conflict` while another start uses the folder */
async function forget(folder: string): Promise<void> {
  const unlock = await lockFolder(join(folder, 'firestore'));
  for (const name of ownEntries) await rm(join(folder, name), { recursive: true, force: true });
  await unlock();
}

async function boot(options: StartOptions): Promise<Runtime> {
  const { folder, port, platform, calls, seed, faults } = options;
  const writeLog = createLogFile(join(folder, 'runtime.log'));
  const startedAt = Date.now();
  const runtime = await startRuntime({
    folder,
    port,
    sandboxes: await chooseAccounts(folder, { platform, calls, seed, faults }),
    log: {
      info: (message) => void writeLog('info', message),
      warn: (message) => say(message),
      error: (message, error) => void writeLog('error', message, error),
    },
    writeLog,
    onSlackMessage: ({ text }, change) => say(`  Slack #imports ${change}: ${text}`),
  });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`The backend serves at ${runtime.url} (up in ${seconds} s).`);
  const served = runtime.running.map(({ platform: name, origin }) => `${name} at ${origin}`);
  console.log(`Sandboxes: ${served.join(', ')}.`);
  return runtime;
}

/** Goes on with an import that an earlier run left unfinished, else starts a new one. */
async function runImport(api: ApiClient, options: StartOptions): Promise<JobAnswer> {
  const { platform } = options;
  const [open] = await api.findOpenImports({ customerId: demoCustomerId, platform });
  const jobId = open?.id ?? (await createImport(api, options));
  if (open) console.log(`Going on with import ${jobId}, which the last run left unfinished.`);
  if (open?.status === 'paused') await api.resumeImport(jobId);
  const watch = watchImport(api, jobId);
  say = watch.say;
  try {
    return await watch.ended;
  } finally {
    say = (line) => console.log(line);
  }
}

async function createImport(api: ApiClient, options: StartOptions): Promise<string> {
  const customerId = demoCustomerId;
  const { platform, files } = options;
  if (files === null) {
    const credentials = sandboxCredentials(platform);
    const body = { customerId, platform, credentials, options: { schedule: 'now' } };
    const created = await api.createImport(body);
    const { jobId, estimatedCalls: calls } = created;
    const about = calls === null ? 'how many calls is not known yet' : `about ${calls} calls`;
    console.log(`Import ${jobId}: ${about}.`);
    return jobId;
  }
  const { uploads, metadata, leftOut } = await uploadFolder(api, { path: files, customerId });
  if (leftOut.length > 0) console.log(`Left out, no recordings by name: ${leftOut.join(', ')}.`);
  const body = { customerId, platform, uploads, metadata, options: { schedule: 'now' } };
  const { jobId } = await api.createImport(body);
  console.log(`Import ${jobId}: ${uploads.length} files uploaded.`);
  return jobId;
}

async function report(runtime: Runtime, job: JobAnswer): Promise<void> {
  const { imported, duplicates, failed, rejected, gone } = job.counts;
  const engagements = await readEngagements(runtime, job.id);
  if (engagements.length > 0) {
    console.log(toEngagementTable(engagements, (key) => runtime.objects.pathOf(key)));
  }
  console.log(
    `Import ${job.id} ${job.status}: ${imported} new, ${duplicates} known from before, ` +
      `${failed + rejected} failed, ${gone} gone.`,
  );
  for (const { error } of job.errors) console.log(`  failed: ${error}`);
  if (job.lastError) console.log(`  ${job.lastError.message}`);
  if (imported === 0 && duplicates > 0) {
    console.log('Nothing was imported twice. `npm start -- --fresh` forgets the earlier imports.');
  }
}

async function readEngagements({ store }: Runtime, jobId: string): Promise<Engagement[]> {
  const query = store.firestore.collection('engagements').where('importBatchId', '==', jobId);
  const { docs } = await query.get();
  const time = (engagement: Engagement) => engagement.startedAt?.getTime() ?? 0;
  return parseDocuments(docs, Engagement).sort((a, b) => time(b) - time(a));
}

function explain({ url }: Runtime, job: JobAnswer, { folder }: StartOptions): void {
  console.log(`
Go on with curl:
  TOKEN=$(cat ${toShellWord(join(folder, 'token'))})
  curl -H "Authorization: Bearer $TOKEN" ${url}/admin/imports/${job.id}
  curl -H "Authorization: Bearer $TOKEN" "${url}/admin/imports?customerId=${demoCustomerId}"
  curl -H "Authorization: Bearer $TOKEN" ${url}/admin/platforms

In a browser: ${url}/ (what is served), ${url}/slack (the channel #imports).
Stored below ${folder}/: recordings and transcripts in objects/, logs in runtime.log.
Ctrl-C ends it; the next start knows everything.`);
}

function isEverythingImported({ status, counts }: JobAnswer): boolean {
  const { listed, imported, duplicates, missing } = counts;
  return status === 'completed' && imported + duplicates === listed && missing === 0;
}

function toShellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * The first Ctrl-C ends in order and keeps everything; a second one at once. The exit code is 0 only
 * if no import was cut short.
 */
function stopOnSignals(runtime: Runtime): void {
  const onSignal = (signal: keyof typeof exitCodes) => {
    if (stopping) process.exit(exitCodes[signal]);
    say = (line) => console.log(line);
    console.log('\nStopping: what runs is finished or kept for the next start.');
    stopping = stop(runtime).then(() => process.exit(isImportOver ? 0 : exitCodes[signal]));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

/** Work that does not end within the limit is taken up again by the next start. */
async function stop(runtime: Runtime): Promise<void> {
  await runtime.stop(stopMs);
}

function createLogFile(path: string) {
  return async (level: string, message: string, fields?: unknown): Promise<void> => {
    const entry = { at: new Date().toISOString(), level, message, fields };
    await appendFile(path, `${JSON.stringify(entry)}\n`);
  };
}

async function writeSecret(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  await chmod(path, 0o600);
}

async function fail(error: unknown): Promise<never> {
  // The import can't be watched any more, but what it has done is still being saved.
  if (stopping) await stopping;
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${error.message}\n\n${usage}` : describe(error));
  process.exit(isUsage ? 2 : 1);
}

function describe(error: unknown): string {
  if (error instanceof ImportError) return error.publicMessage;
  return error instanceof Error ? error.message : String(error);
}

try {
  const code = await main();
  if (code !== null) process.exit(code);
} catch (error) {
  await fail(error);
}
