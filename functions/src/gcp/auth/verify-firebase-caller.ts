import type { Identity } from '../../core/access.ts';
import { ImportError } from '../../core/errors.ts';

/** Codes of firebase-admin that say "this token is not valid", rather than "we could not check". */
const invalidToken =
  /^auth\/(id-token-(expired|revoked)|argument-error|invalid-id-token|user-disabled|user-not-found)$/;

/**
 * Reads a Firebase ID token; the role is its custom claim `role`. Null for a token that is not valid.
 * @throws `unavailable` when that can't be found out
 * @see https://firebase.google.com/docs/auth/admin/verify-id-tokens
 */
export async function verifyFirebaseCaller(token: string): Promise<Identity | null> {
  const [{ getApps, initializeApp }, { getAuth }] = await Promise.all([
    import('firebase-admin/app'),
    import('firebase-admin/auth'),
  ]);
  const app = getApps()[0] ?? initializeApp();
  try {
    const claims = await getAuth(app).verifyIdToken(token, true);
    const role: unknown = claims['role'];
    return {
      id: claims.uid,
      email: claims.email ?? null,
      role: typeof role === 'string' ? role : null,
    };
  } catch (error) {
    if (invalidToken.test(readCode(error))) return null;
    throw new ImportError({
      kind: 'unavailable',
      source: 'auth',
      publicMessage: 'Your token could not be checked. Try again in a minute.',
      cause: error,
    });
  }
}

function readCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return String(error.code);
}
