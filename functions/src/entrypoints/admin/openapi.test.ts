import { z } from 'zod';
import {
  openAdminWorld,
  type AdminWorld,
  type AskOptions,
} from '../../../test/e2e/support/admin-world.ts';
import { drive } from '../../../test/support/engine/drive.ts';

const Schema = z.record(z.string(), z.unknown());
const Media = z.record(z.string(), z.object({ schema: Schema }));
const Parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean().optional(),
  schema: Schema,
});
const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(Parameter),
  security: z.tuple([]).optional(),
  requestBody: z.object({ content: Media, required: z.boolean().optional() }).optional(),
  responses: z.record(
    z.string().regex(/^[2-5]\d\d$/),
    z.object({ description: z.string().min(1), content: Media }),
  ),
});
type Operation = z.infer<typeof Operation>;
const Document = z.object({
  openapi: z.literal('3.1.0'),
  info: z.object({ title: z.string(), version: z.string() }),
  servers: z.tuple([z.object({ url: z.literal('/admin') })]),
  security: z.tuple([z.object({ idToken: z.tuple([]) })]),
  components: z.object({
    securitySchemes: z.object({
      idToken: z.object({ type: z.literal('http'), scheme: z.literal('bearer') }),
    }),
    schemas: z.record(z.string(), Schema),
  }),
  paths: z.record(
    z.string().startsWith('/'),
    z.partialRecord(z.enum(['get', 'post', 'delete']), Operation),
  ),
});
type Document = z.infer<typeof Document>;

let admin: AdminWorld;
let document: Document;

beforeAll(async () => {
  admin = await openAdminWorld({ calls: 2 });
  const answer = await admin.ask('GET /admin/openapi.json', { token: null });
  expect(answer.status).toBe(200);
  document = Document.parse(answer.body);
});

afterAll(async () => {
  await admin.close();
});

function operations(): { path: string; method: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

describe('the OpenAPI document', () => {
  it('has every operation, each with a name of its own', () => {
    expect(
      operations().map(
        ({ path, method, operation }) => `${operation.operationId}: ${method} ${path}`,
      ),
    ).toEqual([
      'listErrors: get /errors',
      'getError: get /errors/{code}',
      'previewImport: post /imports/preview',
      'createImport: post /imports',
      'listImports: get /imports',
      'getImport: get /imports/{jobId}',
      'cancelImport: delete /imports/{jobId}',
      'listImportCalls: get /imports/{jobId}/calls',
      'getImportCall: get /imports/{jobId}/calls/{callId}',
      'getImportReport: get /imports/{jobId}/report',
      'retryImport: post /imports/{jobId}/retry',
      'pauseImport: post /imports/{jobId}/pause',
      'resumeImport: post /imports/{jobId}/resume',
      'createUploads: post /uploads',
      'listPlatforms: get /platforms',
      'explainCall: get /calls/why',
      'keepCredential: post /credentials',
      'listCredentials: get /credentials',
      'rotateKeys: post /credentials/rotate',
      'getCredential: get /credentials/{credentialId}',
      'destroyCredential: delete /credentials/{credentialId}',
      'verifyCredential: post /credentials/{credentialId}/verify',
      'listAudit: get /audit',
    ]);
  });

  it('declares each parameter of a path', () => {
    for (const { path, operation } of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect([path, declared.map(({ name }) => name)]).toEqual([path, inPath]);
      expect(declared.every(({ required }) => required === true)).toBe(true);
    }
  });

  it('takes an Idempotency-Key with every POST, and with nothing else', () => {
    for (const { method, operation } of operations()) {
      const names = operation.parameters.map(({ name }) => name);
      expect(names).toContain('X-Request-Id');
      expect(names.includes('Idempotency-Key')).toBe(method === 'post');
    }
  });

  it('asks for a token everywhere but where errors are explained', () => {
    const open = operations().filter(({ operation }) => operation.security);
    expect(open.map(({ operation }) => operation.operationId)).toEqual(['listErrors', 'getError']);
  });

  it('refers only to schemas that it holds', () => {
    const text = JSON.stringify(document);
    const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name ?? '',
    );
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(document.components.schemas).toHaveProperty(name);
  });

  it('says of every problem that it is application/problem+json', () => {
    for (const { operation } of operations()) {
      const problems = Object.entries(operation.responses).filter(([code]) => code >= '400');
      expect(problems.map(([code]) => code)).toEqual([
        ...['400', '401', '403', '404', '409', '413', '415', '422', '429', '500', '502', '503'],
      ]);
      for (const [, { content }] of problems) {
        expect(content).toEqual({
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        });
      }
    }
  });

  it('holds no platform key, nor any example that looks like one', () => {
    expect(JSON.stringify(document)).not.toMatch(/sandbox-key|Bearer [\w-]{8}/);
  });
});

/** The schema with what it refers to in its place. None of ours refers to itself. */
function resolve(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(resolve);
  if (typeof schema !== 'object' || schema === null) return schema;
  if ('$ref' in schema) {
    const name = String(schema.$ref).replace('#/components/schemas/', '');
    return resolve(document.components.schemas[name]);
  }
  return Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, resolve(value)]));
}

function toValidator(schema: unknown): z.ZodType {
  // A schema from the document; what zod can't read in it, it refuses.
  return z.fromJSONSchema(resolve(schema) as z.core.JSONSchema.BaseSchema);
}

function findOperation(request: string) {
  const [method = '', target = ''] = request.split(' ');
  const path = target.replace(/^\/admin/, '').split('?')[0] ?? '';
  return operations().find(
    (candidate) =>
      candidate.method === method.toLowerCase() &&
      new RegExp(`^${candidate.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  )?.operation;
}

/** Operations that were answered with success. */
const asked = new Set<string>();

/** Asks, and holds the answer against what the document says of it, and the request if it was taken. */
async function expectAsDescribed(request: string, options: AskOptions = {}) {
  const operation = findOperation(request);
  const answer = await admin.ask(request, options);
  const response = operation?.responses[String(answer.status)];
  const type = answer.headers.get('content-type') ?? '';
  const schema = response?.content[type]?.schema;
  if (!operation || !schema || answer.status >= 500) {
    throw new Error(`${request} answered ${answer.status} ${type}: not described, or our fault.`);
  }
  expectValid(request, schema, answer.body);
  if (answer.status < 400) {
    asked.add(operation.operationId);
    expectTaken(request, operation, options.body);
  }
  return answer;
}

function expectValid(what: string, schema: unknown, value: unknown): void {
  const parsed = toValidator(schema).safeParse(value);
  expect([what, parsed.error?.issues ?? []]).toEqual([what, []]);
}

/** What the API takes, the document must allow. */
function expectTaken(request: string, operation: Operation, body: unknown): void {
  const bodySchema = operation.requestBody?.content['application/json']?.schema;
  if (body !== undefined) expectValid(`${request}: body`, bodySchema, body);
  const query = new URL(request.split(' ')[1] ?? '', 'https://api.example').searchParams;
  for (const [name, value] of query) {
    const parameter = operation.parameters.find((known) => known.name === name);
    if (!parameter) throw new Error(`${request}: the document has no parameter ${name}.`);
    const isNumber = parameter.schema['type'] === 'integer';
    expectValid(`${request}: ${name}`, parameter.schema, isNumber ? Number(value) : value);
  }
}

const good = { customerId: 'acme', platform: 'grain', credentials: { apiKey: 'sandbox-key' } };
const files = [{ fileName: 'a.mp3' }];
const Created = z.object({ jobId: z.string() });

describe('every request and answer is as the document says', () => {
  it('through the life of an import', async () => {
    await expectAsDescribed('POST /admin/imports/preview', { body: good });
    const options = { dateRange: { start: '2020-01-01T00:00:00Z' }, schedule: 'now', filters: {} };
    const created = await expectAsDescribed('POST /admin/imports', { body: { ...good, options } });
    const { jobId } = Created.parse(created.body);
    const job = `/admin/imports/${jobId}`;
    await expectAsDescribed(`GET ${job}`);
    await drive(admin.world, { until: () => true });
    await expectAsDescribed(`POST ${job}/pause`);
    await expectAsDescribed(`POST ${job}/resume`);
    await drive(admin.world);
    await expectAsDescribed(`GET ${job}`);
    await expectAsDescribed(`GET ${job}/report`);
    const calls = await expectAsDescribed(`GET ${job}/calls?limit=10`);
    const [call] = z.array(z.object({ id: z.string() })).parse(calls.body);
    await expectAsDescribed(`GET ${job}/calls/${call?.id ?? ''}`);
    await expectAsDescribed(`POST ${job}/retry?code=contract`, { body: {} });
    await expectAsDescribed('GET /admin/imports?customerId=acme&status=completed&platform=grain');
    const again = await expectAsDescribed('POST /admin/imports', { body: good });
    await expectAsDescribed(`DELETE /admin/imports/${Created.parse(again.body).jobId}`);
  });

  it('through the life of a stored credential', async () => {
    const { admin: token } = admin.tokens;
    const kept = await expectAsDescribed('POST /admin/credentials', { token, body: good });
    const { id } = z.object({ id: z.string() }).parse(kept.body);
    await expectAsDescribed(`POST /admin/credentials/${id}/verify`, { token });
    await expectAsDescribed(`GET /admin/credentials/${id}`, { token });
    await expectAsDescribed('GET /admin/credentials?customerId=acme', { token });
    await expectAsDescribed(`DELETE /admin/credentials/${id}`, { token });
    await expectAsDescribed('POST /admin/credentials/rotate', { token });
    await expectAsDescribed('GET /admin/audit', { token });
  });

  it('for the rest, and for problems', async () => {
    await expectAsDescribed('GET /admin/platforms');
    await expectAsDescribed('GET /admin/calls/why?customerId=acme&reference=weekly');
    await expectAsDescribed('GET /admin/errors?platform=gong', { token: null });
    await expectAsDescribed('GET /admin/errors/conflict', { token: null });
    await expectAsDescribed('POST /admin/uploads', { body: { customerId: 'acme', files } });
    await expectAsDescribed('POST /admin/imports', {
      body: { ...good, options: { dryRun: true } },
    });
    const statuses = [
      await expectAsDescribed('POST /admin/imports', { body: {} }),
      await expectAsDescribed('GET /admin/platforms', { token: null }),
      await expectAsDescribed(`GET /admin/imports/${'z'.repeat(20)}`),
      await expectAsDescribed('POST /admin/imports', {
        body: { ...good, credentials: { apiKey: 'wrong' } },
      }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([400, 401, 404, 422]);
  });

  it('for every operation', () => {
    const all = operations().map(({ operation }) => operation.operationId);
    expect([...asked].sort()).toEqual(all.sort());
  });
});

describe('what the document does not allow', () => {
  const job = `/admin/imports/${'a'.repeat(20)}`;

  it.each<[string, object]>([
    ['POST /admin/imports', {}],
    ['POST /admin/imports', { ...good, customerId: 'not/an/id' }],
    ['POST /admin/imports', { ...good, colour: 'red' }],
    ['POST /admin/imports', { ...good, options: { dryRun: 'yes' } }],
    ['POST /admin/imports', { ...good, options: { schedule: 'soon' } }],
    ['POST /admin/imports', { ...good, uploads: [] }],
    ['POST /admin/imports/preview', { ...good, platform: '' }],
    [`POST ${job}/retry`, { credentials: 'sandbox-key' }],
    ['POST /admin/uploads', { customerId: 'acme', files: [] }],
    ['POST /admin/uploads', { customerId: 'acme', files: [{ ...files[0], sizeBytes: -1 }] }],
  ])('is refused: %s %j', async (request, body) => {
    const schema = findOperation(request)?.requestBody?.content['application/json']?.schema;
    expect(toValidator(schema).safeParse(body).success).toBe(false);
    expect((await admin.ask(request, { body })).status).toBe(400);
  });

  it.each([
    ['GET /admin/imports?customerId=acme&status=done', 'status', 'done'],
    ['GET /admin/imports?customerId=acme&limit=101', 'limit', 101],
    [`GET ${job}/calls?status=gone`, 'status', 'gone'],
    [`POST ${job}/retry?code=broken`, 'code', 'broken'],
  ])('is refused: %s', async (request, name, value) => {
    const operation = findOperation(request);
    const parameter = operation?.parameters.find((known) => known.name === name);
    expect(toValidator(parameter?.schema).safeParse(value).success).toBe(false);
    expect((await admin.ask(request)).status).toBe(400);
  });
});
