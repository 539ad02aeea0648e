import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getApps, deleteApp, initializeApp } from 'firebase-admin/app';
import { verifyFirebaseCaller } from './verify-firebase-caller.ts';

/*
 * Against what Firebase's own emulator is to the Admin SDK: unsigned tokens, and a server that knows
 * the users. The SDK then checks everything but the signature.
 */

const projectId = 'demo-auth';
const nowSeconds = Math.floor(Date.now() / 1000);

type Lookup = (body: unknown) => { status: number; body: unknown };
const knows =
  (user: object): Lookup =>
  () => ({ status: 200, body: { users: [{ localId: 'u1', validSince: '0', ...user }] } });

let server: Server;
let lookup: Lookup;
let asked: string[];

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    asked.push(request.url ?? '');
    const { status, body } = lookup(null);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address with a port.
  const { port } = server.address() as AddressInfo;
  process.env['FIREBASE_AUTH_EMULATOR_HOST'] = `127.0.0.1:${port}`;
  initializeApp({ projectId });
});

afterAll(async () => {
  delete process.env['FIREBASE_AUTH_EMULATOR_HOST'];
  for (const app of getApps()) await deleteApp(app);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(() => {
  asked = [];
  lookup = knows({});
});

function createToken(claims: object = {}): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = {
    iss: `https://securetoken.google.com/${projectId}`,
    aud: projectId,
    sub: 'u1',
    auth_time: nowSeconds - 100,
    iat: nowSeconds - 100,
    exp: nowSeconds + 3_500,
    email: 'sam@example.com',
    role: 'support',
    ...claims,
  };
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(payload)}.`;
}

describe('verifyFirebaseCaller', () => {
  it('says who the bearer of a good token is, with the role from the custom claim', async () => {
    expect(await verifyFirebaseCaller(createToken())).toEqual({
      id: 'u1',
      email: 'sam@example.com',
      role: 'support',
    });
    expect(asked).toEqual([
      `/identitytoolkit.googleapis.com/v1/projects/${projectId}/accounts:lookup`,
    ]);
  });

  it('leaves null what the token does not say, or says as something else than a text', async () => {
    const token = createToken({ email: undefined, role: ['admin'] });
    expect(await verifyFirebaseCaller(token)).toEqual({ id: 'u1', email: null, role: null });
  });

  it.each([
    ['garbage', 'garbage'],
    ['nothing', ''],
    ['an expired token', createToken({ exp: nowSeconds - 10 })],
    ['a token for another project', createToken({ aud: 'other' })],
    ['a token of another issuer', createToken({ iss: 'https://evil.example' })],
    ['a token without a subject', createToken({ sub: '' })],
  ])('answers null for %s', async (_, token) => {
    expect(await verifyFirebaseCaller(token)).toBeNull();
  });

  it('answers null for a user who is disabled', async () => {
    lookup = knows({ disabled: true });
    expect(await verifyFirebaseCaller(createToken())).toBeNull();
  });

  it('answers null for a token from before its revocation', async () => {
    lookup = knows({ validSince: String(nowSeconds - 50) });
    expect(await verifyFirebaseCaller(createToken())).toBeNull();
  });

  it('answers null for a user who was deleted', async () => {
    lookup = () => ({ status: 200, body: {} });
    expect(await verifyFirebaseCaller(createToken())).toBeNull();
  });

  it('throws, and does not call the token bad, when Firebase can’t be asked', async () => {
    lookup = () => ({ status: 400, body: { error: { message: 'INTERNAL_ERROR' } } });
    await expect(verifyFirebaseCaller(createToken())).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });
});
