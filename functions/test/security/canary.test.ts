import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { z } from 'zod';
import { startRuntime, type Runtime } from '../../local/runtime/runtime.ts';
import type { AppPorts } from '../../src/app.ts';
import { platformRows } from '../../src/contexts/registry.ts';
import { sandboxCredentials, sandboxes } from '../../src/contexts/testing/sandboxes.ts';
import type { Credentials, Platform } from '../../src/core/imports/import-context.ts';
import type { NewTask } from '../../src/core/ports.ts';
import type { Fetch, FetchResponse } from '../../src/kit/fetch.ts';
import { createNetworkFetch } from '../../src/kit/guarded-fetch.ts';

/*
 * Secrets of which each is known by its own text go in wherever secrets can go in, through whole
 * imports and their failures; then everything that came out or was kept is searched for them.
 */

jest.setTimeout(180_000);

const platforms = Object.keys(sandboxes).filter((name): name is Platform => name in sandboxes);
const canaryOf = (place: string) => `canary0${place.replaceAll('_', '0')}0k7Qz`;
/** What the sandbox of a platform accepts, with a canary where it takes the key that it is told. */
function credentialsOf(platform: Platform): Credentials {
  const entries = Object.entries(sandboxCredentials(platform));
  const canary = canaryOf(`${platform}-key`);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value === 'sandbox-key' ? canary : value]),
  );
}

function isSecret(platform: Platform, name: string): boolean {
  const row = platformRows().find((candidate) => candidate.platform === platform);
  return row?.credentials.find((field) => field.name === name)?.secret ?? true;
}

/** The same with a canary for each secret, so that the platform rejects them. */
function wrongCredentialsOf(platform: Platform): Credentials {
  return Object.fromEntries(
    Object.entries(credentialsOf(platform)).map(([name, value]) => [
      name,
      isSecret(platform, name) && typeof value === 'string' ? plant(`${platform}-${name}`) : value,
    ]),
  );
}

/** Where it was found, and what: everything that leaves the process or outlives a request. */
const found: { readonly place: string; readonly text: string }[] = [];
const take = (place: string, what: unknown) => {
  found.push({ place, text: typeof what === 'string' ? what : inspect(what, { depth: 20 }) });
  if (typeof what !== 'string') found.push({ place, text: JSON.stringify(what) ?? '' });
};

const planted = new Map<string, string>();
function plant(place: string): string {
  const canary = canaryOf(place);
  planted.set(place, canary);
  return canary;
}

const redirectCanary = plant('redirect');
const echoCanary = plant('echo');

let folder: string;
let runtime: Runtime;
let tokens: { readonly support: string; readonly admin: string };
/** Of one-off credentials, as they were stored while their imports ran. */
const sealedOneOffs = new Set<string>();
const sealedStored = new Set<string>();

function answer(status: number, headers: Record<string, string>, body: string): FetchResponse {
  return new Response(body, { status, headers });
}

/** The platform's network, which now and then answers what would give a secret away if it were kept. */
function leaky(platform: Platform, origin: string, allowedOrigins: readonly string[]): Fetch {
  const { fetch } = createNetworkFetch({ allowedOrigins });
  let requests = 0;
  return async (url, init) => {
    requests += 1;
    const authorization = init.headers['authorization'] ?? init.headers['Authorization'] ?? '';
    if (requests === 5) {
      const text = `no: "${authorization}", ?token=${echoCanary}, X-Api-Key: ${echoCanary}`;
      return answer(500, { 'x-echo': authorization }, text);
    }
    const isMedia = !url.startsWith(origin) || url.includes('/download');
    if (isMedia && platform === 'grain' && requests % 3 === 0) {
      const location = `http://169.254.169.254/a?X-Amz-Signature=${redirectCanary}`;
      return answer(302, { location }, '');
    }
    return fetch(url, init);
  };
}

function tapPorts(ports: AppPorts): AppPorts {
  return {
    ...ports,
    queue: async () => {
      const queue = await ports.queue();
      return {
        enqueue: (task: NewTask) => {
          take('task', task);
          return queue.enqueue(task);
        },
      };
    },
    messenger: async () => {
      const messenger = await ports.messenger();
      if (!messenger) return null;
      return {
        ...messenger,
        post: (message) => {
          take('slack', message);
          return messenger.post(message);
        },
        edit: (posted, message) => {
          take('slack', message);
          return messenger.edit(posted, message);
        },
      };
    },
    environment: (platform) => {
      const environment = ports.environment(platform);
      const { allowedOrigins, baseUrl } = environment;
      if (!allowedOrigins || !baseUrl) return environment;
      return { ...environment, fetch: leaky(platform, new URL(baseUrl).origin, allowedOrigins) };
    },
  };
}

beforeAll(async () => {
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    jest.spyOn(console, method).mockImplementation((...texts) => take(`console.${method}`, texts));
  }
  folder = await mkdtemp(join(tmpdir(), 'canary-'));
  const choice = (platform: Platform) => ({
    ...{ calls: 2, seed: 1, faults: [] },
    credentials: { apiKey: plant(`${platform}-key`) },
  });
  // Secrets that a sandbox has of its own are looked for as they are.
  for (const platform of platforms) {
    for (const [name, value] of Object.entries(credentialsOf(platform))) {
      if (typeof value !== 'string' || !isSecret(platform, name)) continue;
      planted.set(`${platform} ${name}`, value);
    }
  }
  runtime = await startRuntime({
    folder,
    port: 0,
    forgetMs: 100,
    sandboxes: new Map(platforms.map((platform) => [platform, choice(platform)])),
    log: {
      info: (message) => take('host log', message),
      warn: (message) => take('host log', message),
      error: (message, error) => take('host log', [message, error]),
    },
    writeLog: (level, message, fields) => take(`log ${level}`, { message, fields }),
    changePorts: tapPorts,
  });
  const Sealed = z.object({
    type: z.enum(['one_off', 'stored']),
    sealed: z.object({ ciphertext: z.string(), wrappedKey: z.string() }),
  });
  runtime.store.onDocumentWritten('importCredentials/{id}', ({ after }) => {
    if (!after) return;
    const { type, sealed } = Sealed.parse(after.data);
    const set = type === 'one_off' ? sealedOneOffs : sealedStored;
    set.add(sealed.ciphertext).add(sealed.wrappedKey);
  });
  const [support, admin] = await Promise.all([
    runtime.tokens.issue('support'),
    runtime.tokens.issue('admin'),
  ]);
  tokens = { support, admin };
  // The signature alone: what comes before it is the same in every token.
  planted.set('support token', support.split('.')[2] ?? '');
  planted.set('admin token', admin.split('.')[2] ?? '');
  planted.set('slack token', 'xoxb-sandbox');
});

afterAll(async () => {
  await runtime.stop(2_000);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

interface AskOptions {
  readonly body?: unknown;
  readonly token?: string;
  /** The answer has a link with a signature, as it should. */
  readonly hasLink?: boolean;
}

async function ask(request: string, options: AskOptions = {}) {
  const [method = 'GET', path = '/'] = request.split(' ');
  const { body } = options;
  const response = await fetch(`${runtime.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${options.token ?? tokens.support}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const headers = JSON.stringify([...response.headers]);
  take(request, options.hasLink ? headers : headers + text);
  return { status: response.status, text };
}

const Created = z.object({ jobId: z.string() });
const Job = z.object({ status: z.string(), completedAt: z.string().nullable() });
const WithId = z.object({ id: z.string() });

async function waitForEnd(jobId: string): Promise<string> {
  for (;;) {
    const { status, completedAt } = Job.parse(
      JSON.parse((await ask(`GET /admin/imports/${jobId}`)).text),
    );
    if (completedAt !== null) return status;
    await sleep(50);
  }
}

async function importAll(
  body: object,
): Promise<{ readonly jobId: string; readonly status: string }> {
  const created = await ask('POST /admin/imports', { body: { customerId: 'demo', ...body } });
  expect([created.status, created.text]).toEqual([201, expect.any(String)]);
  const { jobId } = Created.parse(JSON.parse(created.text));
  return { jobId, status: await waitForEnd(jobId) };
}

/** Every file below the folder; keys and what the embedded runtime itself signs with aside. */
async function readState(): Promise<{ readonly file: string; readonly bytes: Buffer }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      // The journal may be replaced between its name and its content.
      const bytes = await readFile(path).catch(() => Buffer.alloc(0));
      return { file: relative(folder, path), bytes };
    }),
  );
}

/** The text and the forms in which it would still be readable. */
function formsOf(secret: string): string[] {
  const base64 = [0, 1, 2].map((offset) =>
    // Without what depends on its neighbours: the text may lie anywhere in what was encoded.
    Buffer.from('x'.repeat(offset) + secret)
      .toString('base64')
      .slice(offset === 0 ? 0 : 4, -4),
  );
  return [secret, encodeURIComponent(secret), Buffer.from(secret).toString('hex'), ...base64];
}

async function findPlanted(): Promise<string[]> {
  await runtime.store.flush();
  const state = (await readState()).map(({ file, bytes }) => ({
    place: `file ${file}`,
    text: bytes.toString('latin1'),
  }));
  const everything = [...found, ...state];
  return [...planted].flatMap(([name, secret]) =>
    everything
      .filter(({ text }) => formsOf(secret).some((form) => text.includes(form)))
      .map(({ place }) => `${name} in ${place}`),
  );
}

describe('secrets that were planted', () => {
  it('by credentials of each platform, in imports with failures, sent and stored', async () => {
    const imports = await Promise.all(
      platforms.map((platform) => {
        return importAll({ platform, credentials: credentialsOf(platform) });
      }),
    );
    expect(imports.map(({ status }) => status)).toEqual(
      platforms.map(() => expect.stringMatching(/^(completed|partial|failed)$/)),
    );
    const grain = credentialsOf('grain');
    const body = { customerId: 'demo', platform: 'grain', credentials: grain, label: 'Sales' };
    const kept = await ask('POST /admin/credentials', { token: tokens.admin, body });
    const { id: credentialId } = WithId.parse(JSON.parse(kept.text));
    const credential = `/admin/credentials/${credentialId}`;
    await ask(`POST ${credential}/verify`, { token: tokens.admin });
    await ask(`GET ${credential}`, { token: tokens.admin });
    await ask('GET /admin/credentials?customerId=demo', { token: tokens.admin });
    const { jobId } = await importAll({ platform: 'grain', credentialId });
    for (const path of ['', '/calls', '/report']) await ask(`GET /admin/imports/${jobId}${path}`);
    await ask(`POST /admin/imports/${imports[0]?.jobId ?? ''}/retry`, { body: {} });
    const logged = found.filter(({ place }) => place.startsWith('log ')).map(({ text }) => text);
    // The failures did happen, and what the platform had quoted was taken out of what is kept of them.
    expect(logged.some((text) => /call (released|failed)/.test(text))).toBe(true);
    expect(await findPlanted()).toEqual([]);
  });

  it('would be found: as they are, in base64, in hex, wherever they lie in a text or a file', async () => {
    const secret = canaryOf('grain-key');
    const encoded = Buffer.from(`{"apiKey":"${secret}"}`).toString('base64');
    const hex = Buffer.from(secret).toString('hex');
    const texts = [`key ${secret}`, `Basic ${encoded}`, hex];
    for (const text of texts) {
      const control = { place: 'control', text };
      found.push(control);
      expect(await findPlanted()).toContain('grain-key in control');
      // What the backend said meanwhile lies behind it.
      found.splice(found.indexOf(control), 1);
    }
    await writeFile(join(folder, 'control'), secret);
    expect(await findPlanted()).toContain('grain-key in file control');
    await rm(join(folder, 'control'));
  });

  it('by credentials that are wrong: rejected, unfinished, of the wrong shape, where none belong', async () => {
    for (const platform of platforms) {
      const credentials = wrongCredentialsOf(platform);
      const body = { customerId: 'demo', platform, credentials };
      expect((await ask('POST /admin/imports', { body })).status).toBe(422);
      const token = tokens.admin;
      expect((await ask('POST /admin/credentials', { token, body })).status).toBe(422);
    }
    const shapes: unknown[] = [
      `{"customerId":"demo","platform":"grain","credentials":{"apiKey":"${plant('torn')}`,
      { customerId: 'demo', platform: 'grain', credentials: { apiKey: [plant('list')] } },
      { customerId: 'demo', platform: 'grain', credentials: { apiKey: { a: plant('nested') } } },
      { customerId: 'demo', platform: 'grain', credentials: plant('text') },
      { customerId: 'demo', platform: 'grain', credentials: { apiKey: `${plant('line')}\n` } },
      { customerId: 'demo', platform: 'manual', credentials: { apiKey: plant('manual') } },
      { customerId: 'demo', platform: 'nowhere', credentials: { apiKey: plant('nowhere') } },
    ];
    for (const body of shapes) {
      const { status } = await ask('POST /admin/imports', { body });
      expect([body, status >= 400 && status < 500]).toEqual([body, true]);
    }
    expect(await findPlanted()).toEqual([]);
  });

  it('by tokens: bad ones, and good ones where they do not belong', async () => {
    expect((await ask('GET /admin/platforms', { token: plant('bearer') })).status).toBe(401);
    const query = `access_token=${plant('query')}`;
    expect((await ask(`GET /admin/imports?customerId=demo&${query}`)).status).toBe(400);
    const task = `${runtime.url}/demo-import-engine/us-central1/processCall`;
    const headers = {
      authorization: `Bearer ${plant('task')}`,
      'content-type': 'application/json',
    };
    const refused = await fetch(task, { method: 'POST', headers, body: '{"data":{}}' });
    expect(refused.status).toBe(403);
    take('task function', await refused.text());
    expect(await findPlanted()).toEqual([]);
  });

  it('by links with signatures: of uploads, and of what was imported', async () => {
    const files = [{ fileName: 'call.mp3' }];
    const body = { customerId: 'demo', files };
    const uploads = await ask('POST /admin/uploads', { body, hasLink: true });
    const Urls = z.object({ uploads: z.array(z.object({ url: z.string() })) });
    const [upload] = Urls.parse(JSON.parse(uploads.text)).uploads;
    const signature = /signature=([^&]+)/i.exec(upload?.url ?? '')?.[1] ?? '';
    expect(signature.length).toBeGreaterThan(20);
    planted.set('upload signature', signature);
    await fetch(upload?.url ?? '', { method: 'PUT', body: 'not audio' });
    expect(await findPlanted()).toEqual([]);
  });

  it('were looked for in logs, errors, answers, Slack messages, tasks and files', async () => {
    const places = new Set(found.map(({ place }) => place.split(' ')[0]));
    for (const place of ['log', 'task', 'slack', 'GET', 'POST']) expect(places).toContain(place);
    const files = (await readState()).map(({ file }) => file.split('/')[0]);
    expect(new Set(files)).toEqual(
      new Set(['firestore', 'keys', 'objects', 'queues', 'sandbox.json']),
    );
    expect(planted.size).toBeGreaterThan(12 + platforms.length);
    process.stdout.write(
      `Canaries: ${planted.size} secrets, ${found.length} texts and ${files.length} files searched: 0 hits\n`,
    );
  });
});

describe('one-off credentials', () => {
  it('are gone when their imports have ended: no copy in the store, in tasks or in any file', async () => {
    expect(sealedOneOffs.size).toBeGreaterThanOrEqual(2 * platforms.length);
    const credentials = await runtime.store.firestore.collection('importCredentials').get();
    expect(credentials.docs.map((doc) => String(doc.get('type')))).toEqual(['stored']);
    const startedAt = Date.now();
    const copies = async (secrets: ReadonlySet<string>) => {
      await runtime.store.flush();
      const state = await readState();
      const kept = [...secrets].filter((secret) =>
        state.some(({ bytes }) => bytes.includes(secret)),
      );
      return kept.length;
    };
    while ((await copies(sealedOneOffs)) > 0) await sleep(50);
    expect(Date.now() - startedAt).toBeLessThan(60_000);
    // The search finds what is there.
    expect(await copies(sealedStored)).toBeGreaterThan(0);
    for (const secret of sealedOneOffs) {
      expect(found.filter(({ text }) => text.includes(secret)).map(({ place }) => place)).toEqual(
        [],
      );
    }
  });
});
