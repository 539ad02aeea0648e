import { createConfig, lintFromString } from '@redocly/openapi-core';
import { z } from 'zod';
import { openAdminWorld } from '../../../test/e2e/support/admin-world.ts';

async function lint(source: string): Promise<readonly string[]> {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const found = await lintFromString({ source, config });
  return found.map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

let text: string;

beforeAll(async () => {
  const admin = await openAdminWorld({ calls: 0 });
  ({ text } = await admin.ask('GET /admin/openapi.json', { token: null }));
  await admin.close();
});

describe('the OpenAPI document', () => {
  it('has nothing that a linter objects to', async () => {
    expect(await lint(text)).toEqual([]);
  });

  it('is read by that linter: a document without an operation’s name is found out', async () => {
    const document = z.looseObject({}).parse(JSON.parse(text));
    const paths = { '/broken': { get: { responses: {} } } };
    expect(await lint(JSON.stringify({ ...document, paths }))).toContain(
      'operation-operationId: Operation object should contain `operationId` field.',
    );
  });
});
