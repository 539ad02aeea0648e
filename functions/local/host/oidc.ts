import { SignJWT, generateKeyPair, jwtVerify } from 'jose';
import type { Clock } from '../../src/core/ports.ts';

export interface OidcIssuer {
  /** An `Authorization` header that `accepts` lets through for that audience. */
  authorizationFor(audience: string): Promise<string>;
  /** What Cloud Run's IAM check asks in front of a private function. */
  accepts(authorization: string | undefined, audience: string): Promise<boolean>;
}

const lifetimeMs = 3_600_000;
const renewBeforeMs = 600_000;

/**
 * Signs and checks identity tokens as Google does for Cloud Tasks and Cloud Scheduler. The key lives
 * as long as the process, unless processes that deliver to each other share one. Tokens are used until ten minutes before they expire, so that a delivery
 * costs no signature, and a token that was found good is not checked again.
 */
export async function createOidcIssuer(options: {
  projectId: string;
  clock: Clock;
  sharedKey?: Uint8Array;
}): Promise<OidcIssuer> {
  const { algorithm, privateKey, publicKey } = await createKeys(options.sharedKey);
  const issuer = 'https://accounts.google.com';
  const email = `tasks@${options.projectId}.iam.gserviceaccount.com`;
  const issued = new Map<string, { header: string; expiresMs: number }>();
  const good = new Map<string, { audience: string; expiresMs: number }>();

  async function issue(audience: string, nowMs: number): Promise<string> {
    const expiresMs = nowMs + lifetimeMs;
    const token = await new SignJWT({ email, email_verified: true })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .setIssuer(issuer)
      .setSubject(email)
      .setAudience(audience)
      .setIssuedAt(Math.floor(nowMs / 1000))
      .setExpirationTime(Math.floor(expiresMs / 1000))
      .sign(privateKey);
    const header = `Bearer ${token}`;
    issued.set(audience, { header, expiresMs });
    return header;
  }

  return {
    async authorizationFor(audience) {
      const nowMs = options.clock.now().getTime();
      const earlier = issued.get(audience);
      if (earlier !== undefined && earlier.expiresMs - renewBeforeMs > nowMs) return earlier.header;
      return issue(audience, nowMs);
    },
    async accepts(authorization, audience) {
      const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined) return false;
      const currentDate = options.clock.now();
      const known = good.get(token);
      if (known !== undefined) {
        return known.audience === audience && known.expiresMs > currentDate.getTime();
      }
      try {
        const rules = { issuer, audience, currentDate, algorithms: [algorithm] };
        const { payload } = await jwtVerify(token, publicKey, rules);
        if (payload['email'] !== email || payload['email_verified'] !== true) return false;
        // Only the queue's own tokens get here, so there is one per audience and hour.
        good.set(token, { audience, expiresMs: (payload.exp ?? 0) * 1000 });
        return true;
      } catch {
        // Whatever is wrong with a token, the answer is the same.
        return false;
      }
    },
  };
}

async function createKeys(sharedKey: Uint8Array | undefined) {
  if (sharedKey) return { algorithm: 'HS256', privateKey: sharedKey, publicKey: sharedKey };
  return { algorithm: 'ES256', ...(await generateKeyPair('ES256')) };
}
