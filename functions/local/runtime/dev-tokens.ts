import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { VerifyCaller } from '../../src/core/access.ts';
import type { Clock } from '../../src/core/ports.ts';

const issuer = 'call-import-engine/embedded';
const Claims = z.object({
  sub: z.string(),
  email: z.string().nullable().default(null),
  role: z.string().nullable().default(null),
});

/** Stands in for Firebase Authentication on this machine: tokens that this runtime signed itself. */
export interface DevTokens {
  readonly verifyCaller: VerifyCaller;
  /** A token of a made-up user with that role, valid for 30 days. */
  issue(role: string): Promise<string>;
}

/** Signs and verifies with a key of this machine; a token of another machine is not valid here. */
export function createDevTokens(key: Uint8Array, clock: Clock): DevTokens {
  return {
    async verifyCaller(token) {
      try {
        const { payload } = await jwtVerify(token, key, {
          issuer,
          algorithms: ['HS256'],
          currentDate: clock.now(),
        });
        const { sub, email, role } = Claims.parse(payload);
        return { id: sub, email, role };
      } catch {
        // Whatever is wrong with a token, its bearer is nobody.
        return null;
      }
    },
    issue(role) {
      const issuedAt = Math.floor(clock.now().getTime() / 1000);
      return new SignJWT({ email: `${role}@example.com`, role })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer(issuer)
        .setSubject(`dev-${role}`)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + 30 * 86_400)
        .sign(key);
    },
  };
}
