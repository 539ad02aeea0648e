import { createHash } from 'node:crypto';
import type { Credentials } from '../core/imports/import-context.ts';

/** Names a platform account by platform and a digest of its credentials, whatever their order. */
export function toAccountKey(platform: string, credentials: Credentials): string {
  const entries = Object.entries(credentials)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash('sha256').update(JSON.stringify(entries)).digest('hex');
  return `${platform}-${digest.slice(0, 32)}`;
}
