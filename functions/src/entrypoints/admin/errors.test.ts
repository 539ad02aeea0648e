import { z } from 'zod';
import { openAdminWorld, type AdminWorld } from '../../../test/e2e/support/admin-world.ts';
import { errorKinds } from '../../core/errors.ts';

let admin: AdminWorld;

beforeAll(async () => {
  admin = await openAdminWorld({ calls: 0 });
});

afterAll(async () => {
  await admin.close();
});

/** Nobody needs a token to have an error explained. */
const ask = (path: string, headers = {}) => admin.ask(`GET ${path}`, { token: null, headers });

describe('GET /admin/errors', () => {
  it('lists every kind and every refusal, each with its words', async () => {
    const Errors = z.array(
      z.object({
        code: z.string(),
        support: z.string().regex(/^[A-Z].*\.$/),
        engineers: z.string().regex(/^[A-Z].*\.$/),
        customer: z
          .string()
          .regex(/^[A-Z][^{}]*\.$/)
          .nullable(),
      }),
    );
    const errors = Errors.parse((await ask('/admin/errors')).body);
    expect(errors.map(({ code }) => code)).toEqual([
      ...errorKinds,
      ...['unauthenticated', 'forbidden', 'no_such_path', 'method_not_allowed'],
      ...['body_too_large', 'unsupported_media_type'],
      ...['idempotency_key_reused', 'idempotency_key_in_use', 'too_many_requests'],
    ]);
  });
});

describe('GET /admin/errors/:code', () => {
  it('is where the type of a problem leads', async () => {
    const problem = await admin.ask('GET /admin/imports', { token: null });
    const { type } = z.object({ type: z.string() }).parse(problem.body);
    expect(type).toBe('/admin/errors/unauthenticated');
    expect((await ask(type)).body).toEqual({
      code: 'unauthenticated',
      status: 401,
      retryable: false,
      title: 'Who are you?',
      remedy:
        'Send "Authorization: Bearer <Firebase ID token>" of a user with the role support or admin.',
      support: 'Sign in again: a token lives for an hour.',
      engineers: 'No ID token, or one that Firebase Authentication does not vouch for.',
      customer: null,
    });
  });

  it.each([
    [
      '',
      'The key that you gave us for your call platform may not read everything that the import needs. Please give the key access to calls, recordings and transcripts; then tell us, and we will go on with the import.',
    ],
    [
      '?platform=GONG',
      'The key that you gave us for Gong may not read everything that the import needs. Please give the key the scopes api:calls:read:extensive, api:calls:read:media-url, api:calls:read:transcript; then tell us, and we will go on with the import.',
    ],
  ])('says what the customer can be told as it stands (%s)', async (query, customer) => {
    const { body } = await ask(`/admin/errors/permission_denied${query}`);
    expect(body).toMatchObject({ customer });
  });

  it('is a page for a browser', async () => {
    const page = await ask('/admin/errors/auth_invalid?platform=grain', {
      accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
    });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=UTF-8');
    expect(page.text).toContain('<h1>The platform rejects the credentials</h1>');
    expect(page.text).toContain('Waiting does not help.');
    expect(page.text).toContain('Our access to your calls at Grain no longer works');
    const refusal = await ask('/admin/errors/too_many_requests', { accept: 'text/html' });
    expect(refusal.text).toContain('Waiting helps: try again.');
    expect(refusal.text).toContain('none of the customer’s concern');
  });

  it('is a 404 for a code that there is not, and a 400 for such a platform', async () => {
    const unknown = await ask('/admin/errors/%3Cscript%3E');
    expect(unknown.status).toBe(404);
    expect(unknown.body).toMatchObject({
      code: 'not_found',
      detail: 'There is no error code "<script>".',
      remedy: 'GET /admin/errors lists them.',
    });
    expect((await ask('/admin/errors/conflict?platform=nowhere')).status).toBe(400);
  });
});
