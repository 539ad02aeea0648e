import { z } from 'zod';
import {
  openAdminWorld,
  type AdminWorld,
  type AskOptions,
} from '../../../test/e2e/support/admin-world.ts';
import { drive } from '../../../test/support/engine/drive.ts';

const Schema = z.record(z.string(), z.unknown());
const Media = z.record(z.string(), z.object({ schema: Schema }));
const Operation = z.object({
  operationId: z.string(),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['path', 'query']),
        required: z.boolean().optional(),
        schema: Schema,
      }),
    )
    .optional(),
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
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect([path, declared.map(({ name }) => name)]).toEqual([path, inPath]);
      expect(declared.every(({ required }) => required === true)).toBe(true);
    }
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

/** Asks and holds the answer against what the document says of it. */
async function expectAsDescribed(request: string, options: AskOptions = {}) {
  const [method = '', target = ''] = request.split(' ');
  const path = target.replace(/^\/admin/, '').split('?')[0] ?? '';
  const described = operations().find(
    (candidate) =>
      candidate.method === method.toLowerCase() &&
      new RegExp(`^${candidate.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  const answer = await admin.ask(request, options);
  const response = described?.operation.responses[String(answer.status)];
  const type = answer.headers.get('content-type') ?? '';
  const schema = response?.content[type]?.schema;
  if (!schema) throw new Error(`${request} answered ${answer.status} ${type}: not described.`);
  // A schema from the document; what zod can't read in it, it refuses.
  const parsed = z
    .fromJSONSchema(resolve(schema) as z.core.JSONSchema.BaseSchema)
    .safeParse(answer.body);
  expect([request, parsed.error?.issues ?? []]).toEqual([request, []]);
  return answer;
}

describe('every answer is as the document says', () => {
  const good = { customerId: 'acme', platform: 'grain', credentials: { apiKey: 'sandbox-key' } };
  const Created = z.object({ jobId: z.string() });

  it('through the life of an import', async () => {
    const created = await expectAsDescribed('POST /admin/imports', { body: good });
    const { jobId } = Created.parse(created.body);
    const job = `/admin/imports/${jobId}`;
    await expectAsDescribed(`GET ${job}`);
    await drive(admin.world, { until: () => true });
    await expectAsDescribed(`POST ${job}/pause`);
    await expectAsDescribed(`POST ${job}/resume`);
    await drive(admin.world);
    await expectAsDescribed(`GET ${job}`);
    await expectAsDescribed(`GET ${job}/report`);
    const calls = await expectAsDescribed(`GET ${job}/calls`);
    const [call] = z.array(z.object({ id: z.string() })).parse(calls.body);
    await expectAsDescribed(`GET ${job}/calls/${call?.id ?? ''}`);
    await expectAsDescribed(`POST ${job}/retry`);
    await expectAsDescribed('GET /admin/imports?customerId=acme');
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
    const files = [{ fileName: 'a.mp3' }];
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
});
