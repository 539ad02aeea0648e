import { SignJWT } from 'jose';
import { createOidcIssuer, type OidcIssuer } from './oidc.ts';

const projectId = 'demo-oidc';
const sharedKey = new Uint8Array(32).fill(9);
const audience = '/demo-oidc/us-central1/processCall';
const queue = 'tasks@demo-oidc.iam.gserviceaccount.com';
const google = 'https://accounts.google.com';

let nowMs: number;
let oidc: OidcIssuer;

beforeEach(async () => {
  nowMs = Date.parse('2026-03-02T12:00:00Z');
  oidc = await createOidcIssuer({ projectId, sharedKey, clock: { now: () => new Date(nowMs) } });
});

/** A token of anybody who has the key, as Google signs for every identity with one key. */
async function tokenOf(claims: {
  readonly email?: string;
  readonly verified?: boolean;
  readonly audience?: string;
  readonly issuer?: string;
  readonly key?: Uint8Array;
}): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  const payload = { email: claims.email ?? queue, email_verified: claims.verified ?? true };
  const token = await new SignJWT(payload)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(claims.issuer ?? google)
    .setAudience(claims.audience ?? audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + 3_600)
    .sign(claims.key ?? sharedKey);
  return `Bearer ${token}`;
}

describe('a private function', () => {
  it('accepts the queue, whose token lasts an hour', async () => {
    const authorization = await oidc.authorizationFor(audience);
    expect(await oidc.accepts(authorization, audience)).toBe(true);
    expect(await oidc.accepts(await tokenOf({}), audience)).toBe(true);
    nowMs += 3_600_000;
    expect(await oidc.accepts(authorization, audience)).toBe(false);
  });

  it.each([
    ['no token', undefined],
    ['an empty one', 'Bearer '],
    ['one that is none', 'Bearer nonsense'],
    ['another scheme', 'Basic cXVldWU6'],
    ['one without a signature', 'Bearer eyJhbGciOiJub25lIn0.e30.'],
  ])('refuses %s', async (_name, authorization) => {
    expect(await oidc.accepts(authorization, audience)).toBe(false);
  });

  // Asked twice: what is remembered of a token must not let it in at the second try.
  it.each([
    ['of another identity', { email: 'intruder@demo-oidc.iam.gserviceaccount.com' }],
    ['of the same identity in another project', { email: 'tasks@other.iam.gserviceaccount.com' }],
    ['whose e-mail nobody verified', { verified: false }],
    ['for another function', { audience: '/demo-oidc/us-central1/advanceJob' }],
    ['of another issuer', { issuer: 'https://accounts.example' }],
    ['signed by another key', { key: new Uint8Array(32).fill(1) }],
  ])('refuses a token %s, however often it comes', async (_name, claims) => {
    const authorization = await tokenOf(claims);
    expect(await oidc.accepts(authorization, audience)).toBe(false);
    expect(await oidc.accepts(authorization, audience)).toBe(false);
  });

  it('refuses a good token at another function, also when it was accepted before', async () => {
    const authorization = await oidc.authorizationFor(audience);
    expect(await oidc.accepts(authorization, audience)).toBe(true);
    expect(await oidc.accepts(authorization, '/demo-oidc/us-central1/advanceJob')).toBe(false);
  });
});
