import fc from 'fast-check';
import { z } from 'zod';
import { ProblemView } from '../../src/entrypoints/admin/schemas.ts';
import { openAdminWorld, type AdminWorld } from '../e2e/support/admin-world.ts';
import { drive } from '../support/engine/drive.ts';
import { readOperations, type ApiOperation } from './api-document.ts';
import { toRequest, type FuzzRequest, type FuzzWords } from './request-arbitrary.ts';

/*
 * Generated requests against every operation that the API describes. An operation that is added is
 * covered by its description; a field of a name that is known here gets values that lead further.
 */

const requests = 10_000;
/** Far more than any request takes, also on a busy machine: longer, and it hangs. */
const hangsAfterMs = 20_000;

/** Half a minute of an idle core; the cores of a build machine are not idle. */
const timeoutMs = 900_000;

const { stackTraceLimit } = Error;
const canary = 'canary-5f1d0c7e';
const goodKey = 'sandbox-key';

let admin: AdminWorld;
let operations: ApiOperation[];
let words: FuzzWords;
/** Ids that lead somewhere; created imports join. */
const jobIds: string[] = [];
const callIds: string[] = [];
const uploadIds: string[] = [];
const credentialIds: string[] = [];
const cursors: string[] = [];

const Created = z.object({ jobId: z.string() });
const Listed = z.array(z.object({ id: z.string() }));
const Uploads = z.object({ uploads: z.array(z.object({ uploadId: z.string() })) });

beforeAll(async () => {
  admin = await openAdminWorld({ calls: 3 });
  operations = readOperations((await admin.ask('GET /admin/openapi.json', { token: null })).body);
  watchWrites();
  await createRecords();
  await takeChanges();
  verifyOnce();
  words = createWords();
});

afterAll(async () => {
  await admin.close();
});

/** An import that has ended, with its calls, one that runs, and a cursor of a list. */
async function createRecords(): Promise<void> {
  const body = { customerId: 'acme', platform: 'grain', credentials: { apiKey: goodKey } };
  for (const until of [() => false, () => true]) {
    const created = await admin.ask('POST /admin/imports', { body });
    jobIds.push(Created.parse(created.body).jobId);
    await drive(admin.world, { until });
  }
  const token = admin.tokens.admin;
  for (let count = 0; count < 3; count += 1) {
    const kept = await admin.ask('POST /admin/credentials', { body, token });
    credentialIds.push(z.object({ id: z.string() }).parse(kept.body).id);
  }
  const calls = await admin.ask(`GET /admin/imports/${jobIds[0] ?? ''}/calls`);
  callIds.push(...Listed.parse(calls.body).map(({ id }) => id));
  const files = [{ fileName: 'a.mp3' }, { fileName: 'b.mp3' }];
  const uploads = await admin.ask('POST /admin/uploads', { body: { customerId: 'acme', files } });
  uploadIds.push(...Uploads.parse(uploads.body).uploads.map(({ uploadId }) => uploadId));
  const page = await admin.ask('GET /admin/imports?customerId=acme&limit=1');
  cursors.push(/cursor=([\w-]+)/.exec(page.headers.get('link') ?? '')?.[1] ?? '');
}

function createWords(): FuzzWords {
  const from = (list: readonly string[]) =>
    fc.nat().map((n) => list[n % list.length] ?? list[0] ?? '');
  const { support, admin: manager, viewer, expired } = admin.tokens;
  return {
    vocabulary: {
      jobId: from(jobIds),
      callId: from(callIds),
      uploadId: from(uploadIds),
      credentialId: from(credentialIds),
      cursor: from(cursors),
      customerId: fc.constantFrom('acme', 'acme', 'globex'),
      platform: fc.constantFrom('grain', 'grain', 'grain', 'GRAIN', 'manual', 'gong', 'five9'),
      reference: fc.oneof(from(callIds), fc.constantFrom('+1 555 0100', 'ann@example.com', 'Call')),
      credentials: fc.oneof(
        { weight: 4, arbitrary: fc.constant({ apiKey: goodKey }) },
        { weight: 2, arbitrary: fc.constant({ apiKey: canary }) },
        {
          weight: 1,
          arbitrary: fc.constant({ apiKey: canary, accessKey: canary, secret: canary }),
        },
        { weight: 1, arbitrary: fc.constant({ apiKey: `${canary}\r\nx: y` }) },
      ),
    },
    authorizations: {
      good: [`Bearer ${support}`, `Bearer ${manager}`],
      bad: [
        ...[`Bearer ${viewer}`, `Bearer ${expired}`, `Bearer ${canary}`, `Basic ${canary}`],
        ...[`bearer ${support}`, `Bearer  ${support}`, 'Bearer', ''],
      ],
    },
  };
}

/** What a refusal may leave behind: who tried it, and that its key was used. */
const records = /^(auditLog|idempotencyKeys)$/;
/** Documents that there are, and those that were written since `takeChanges`. */
const present = new Set<string>();
const written = new Set<string>();
let objectChanges = 0;

function watchWrites(): void {
  const { meter, engine } = admin.world;
  meter.loseAnswers((paths) => {
    for (const path of paths) if (!records.test(path.split('/')[0] ?? '')) written.add(path);
    return false;
  });
  const { objects } = engine;
  for (const name of ['write', 'writeJson', 'remove'] as const) {
    const work: (...args: never[]) => unknown = objects[name];
    Object.assign(objects, {
      [name]: (...args: never[]) => {
        objectChanges += 1;
        return work.apply(objects, args);
      },
    });
  }
}

let tasks = 0;

/** What is otherwise than before; a document that came and went again is nothing. */
async function takeChanges(): Promise<string[]> {
  const { db, queue } = admin.world;
  const changed: string[] = [];
  for (const path of written) {
    const { exists } = await db.doc(path).get();
    if (exists || present.has(path)) changed.push(path);
    if (exists) present.add(path);
    else present.delete(path);
  }
  if (objectChanges > 0) changed.push('the bucket');
  if (queue.accepted.length > tasks) changed.push('the queue');
  written.clear();
  objectChanges = 0;
  tasks = queue.accepted.length;
  return changed;
}

/** Ten thousand signatures of the same few tokens are a fifth of the time. */
function verifyOnce(): void {
  const { app } = admin.services;
  const { verifyCaller } = app;
  const known = new Map<string, ReturnType<typeof verifyCaller>>();
  const verify: typeof verifyCaller = (token) => {
    const found = known.get(token) ?? verifyCaller(token);
    known.set(token, found);
    return found;
  };
  Object.assign(app, { verifyCaller: verify });
}

interface Outcome {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly changes: readonly string[];
}

async function send({ method, target, headers, body }: FuzzRequest): Promise<Outcome> {
  // The clock goes on between requests, as a person's would.
  admin.world.clock.advance(2_000);
  let timer: NodeJS.Timeout | undefined;
  const hanging = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('It hangs.')), hangsAfterMs);
  });
  const init = { method, headers, ...(body !== null && { body: toBytes(body) }) };
  const answering = admin.api.fetch(new Request(`http://127.0.0.1:5001${target}`, init));
  const response = await Promise.race([answering, hanging]);
  const text = await response.text();
  clearTimeout(timer);
  return {
    ...{ status: response.status, headers: response.headers, text },
    changes: await takeChanges(),
  };
}

function toBytes(body: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(typeof body === 'string' ? Buffer.from(body) : body);
}

/** What is wrong with an answer, whatever was asked; empty where nothing is. */
function findFaults(
  operation: ApiOperation | undefined,
  request: FuzzRequest,
  outcome: Outcome,
): string[] {
  const { status, headers, text } = outcome;
  const faults: string[] = [];
  if (status >= 500) faults.push(`it answered ${status}: ${text}`);
  const everything = `${JSON.stringify([...headers])}${text}`;
  const secrets = [canary, goodKey, ...Object.values(admin.tokens)];
  if (secrets.some((secret) => everything.includes(secret))) faults.push(`a secret: ${everything}`);
  const isKept = headers.get('cache-control') !== 'no-store';
  if (isKept && operation?.isPublic !== true) faults.push('it may be cached');
  if (status >= 400) {
    if (outcome.changes.length > 0) faults.push(`a refusal changed ${outcome.changes.join(', ')}`);
    faults.push(...findProblemFaults(outcome));
  } else if (operation && request.method === operation.method) {
    const type = (headers.get('content-type') ?? '').split(';')[0] ?? '';
    const described = operation.answer(status, type);
    const parsed = described?.safeParse(type.includes('json') ? JSON.parse(text) : text);
    if (!parsed) faults.push(`${status} ${type} is not described`);
    else if (parsed.error) faults.push(`not as described: ${parsed.error.message}`);
  }
  return faults;
}

const Problem = ProblemView.strict().extend({
  code: z.string().regex(/^[a-z_]+$/),
  title: z.string().min(1),
  detail: z.string().min(1),
  remedy: z.string().min(5),
});

function findProblemFaults({ status, headers, text }: Outcome): string[] {
  const type = headers.get('content-type');
  if (type !== 'application/problem+json') return [`${status} is ${type ?? 'without a type'}`];
  const parsed = Problem.safeParse(JSON.parse(text));
  if (parsed.error) return [`no problem: ${parsed.error.message} ${text}`];
  const { requestId, status: said } = parsed.data;
  // What is replayed for an idempotency key is the first answer, with the first request's id.
  const isReplay = headers.get('idempotency-replayed') === 'true';
  const isTrue = said === status && (isReplay || requestId === headers.get('x-request-id'));
  return isTrue ? [] : [`the body says otherwise than the head: ${text}`];
}

const New = z.object({ jobId: z.string().nullish(), id: z.string().optional() });
let learnt = 0;

/** So that later requests meet imports in every state, and credentials that are there. */
function learn(operation: string, { status, text }: Outcome): void {
  if (status !== 201) return;
  learnt += 1;
  const { jobId, id } = New.parse(JSON.parse(text));
  // The first two stay what they are: one that has ended, one that runs.
  if (jobId) jobIds[2 + (learnt % 30)] = jobId;
  if (id && operation === 'keepCredential') credentialIds[learnt % 10] = id;
}

describe(`${requests} generated requests`, () => {
  it(
    'are each answered, never by a 5xx; a refusal says what to do, and changes nothing',
    async () => {
      const statuses = new Map<string, number>();
      const reached = new Set<string>();
      const asked = new Map<string, number>();
      const count = (counts: Map<string, number>, key: string) =>
        counts.set(key, (counts.get(key) ?? 0) + 1);
      const anyRequest = fc.oneof(...operations.map((operation) => toRequest(operation, words)));
      const byId = new Map(operations.map((operation) => [operation.id, operation]));
      const startedAt = process.cpuUsage();
      // Nobody reads the stacks of refusals, and jest looks each of their lines up in a source map.
      Error.stackTraceLimit = 0;
      await fc.assert(
        fc.asyncProperty(anyRequest, async (request) => {
          const outcome = await send(request);
          count(statuses, String(outcome.status));
          count(asked, request.operation);
          if (outcome.status < 300) reached.add(request.operation);
          learn(request.operation, outcome);
          expect(findFaults(byId.get(request.operation), request, outcome)).toEqual([]);
        }),
        { numRuns: requests, endOnFailure: true },
      );
      Error.stackTraceLimit = stackTraceLimit;
      const seconds = process.cpuUsage(startedAt).user / 1_000_000;
      const byStatus = [...statuses].sort().map(([status, times]) => `${status}: ${times}`);
      process.stdout.write(
        `Counted: ${requests} generated requests to ${operations.length} operations, 0 answered by a ` +
          `5xx, 0 hung (${byStatus.join(', ')}; ${seconds.toFixed(0)} s of CPU)\n`,
      );
      expect([...asked.keys()].sort()).toEqual(operations.map(({ id }) => id).sort());
      expect(Math.min(...asked.values())).toBeGreaterThan(requests / operations.length / 2);
      // A generator that only ever makes nonsense would find nothing.
      const good = [...statuses].filter(([status]) => status < '300');
      expect(good.reduce((sum, [, times]) => sum + times, 0)).toBeGreaterThan(requests / 10);
      expect(reached.size).toBeGreaterThanOrEqual(operations.length * 0.8);
    },
    timeoutMs,
  );
});
