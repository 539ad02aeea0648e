import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ServiceAccount {
  readonly email: string;
  /** PEM. */
  readonly publicKey: string;
  remove(): void;
}

/**
 * Makes a throwaway service account and lets Google's clients find it, as they find a real one:
 * by `GOOGLE_APPLICATION_CREDENTIALS`. `remove` puts the environment back.
 */
export function useServiceAccount(): ServiceAccount {
  const email = 'importer@example.iam.gserviceaccount.com';
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const folder = mkdtempSync(join(tmpdir(), 'service-account-'));
  const file = join(folder, 'key.json');
  writeFileSync(
    file,
    JSON.stringify({
      type: 'service_account',
      project_id: 'project',
      client_email: email,
      private_key: privateKey,
      private_key_id: 'throwaway',
    }),
  );
  const before = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file;
  return {
    email,
    publicKey,
    remove() {
      if (before === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
      else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = before;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
