import { createFakeClock } from '../../src/contexts/testing/fake-clock.ts';
import { createDevTokens } from './dev-tokens.ts';

const key = new Uint8Array(32).fill(1);
const dayMs = 86_400_000;

describe('a development token', () => {
  it('says who its bearer is, for 30 days', async () => {
    const clock = createFakeClock();
    const { issue, verifyCaller } = createDevTokens(key, clock);
    const token = await issue('support');
    const bearer = { id: 'dev-support', email: 'support@example.com', role: 'support' };
    expect(await verifyCaller(token)).toEqual(bearer);
    clock.advance(30 * dayMs - 1_000);
    expect(await verifyCaller(token)).toEqual(bearer);
    clock.advance(2_000);
    expect(await verifyCaller(token)).toBeNull();
  });

  it('is void on another machine, changed, unsigned or no token at all', async () => {
    const clock = createFakeClock();
    const token = await createDevTokens(key, clock).issue('viewer');
    const other = createDevTokens(new Uint8Array(32).fill(2), clock);
    expect(await other.verifyCaller(token)).toBeNull();
    const { verifyCaller } = createDevTokens(key, clock);
    const [header = '', , signature = ''] = token.split('.');
    const claims = { iss: 'call-import-engine/embedded', sub: 'x', role: 'admin' };
    const forged = Buffer.from(JSON.stringify(claims)).toString('base64url');
    expect(await verifyCaller(`${header}.${forged}.${signature}`)).toBeNull();
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await verifyCaller(`${none}.${forged}.`)).toBeNull();
    expect(await verifyCaller('')).toBeNull();
  });
});
