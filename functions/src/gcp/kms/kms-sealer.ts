import type { KeyManagementServiceClient } from '@google-cloud/kms';
import { z } from 'zod';
import type { Clock, Sealer } from '../../core/ports.ts';
import { crc32cOf } from '../storage/crc32c.ts';
import { createEnvelopeSealer, doesNotOpen } from './envelope.ts';
import type { KeyWrapper } from './envelope.ts';
import { damagedOnTheWay, toKmsError } from './kms-errors.ts';
import { rememberDataKeys } from './remember-data-keys.ts';

export interface KmsSealerOptions {
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K`; its primary version wraps. */
  readonly keyName: string;
  /** Null is Google's own; `http://host:port` or `https://host:port` is another one. */
  readonly endpoint?: string | null;
  readonly timeoutMs?: number;
  readonly clock: Clock;
}

const keepMs = 60_000;

/**
 * Seals secrets under a key in Cloud KMS, which sees the data keys and never the secrets. The
 * client library loads at the first use. A new primary version opens what earlier ones sealed. Data
 * keys are kept for a minute: an import opens its credential for every call.
 * @see https://cloud.google.com/kms/docs/envelope-encryption
 */
export function createKmsSealer(options: KmsSealerOptions): Sealer {
  const { clock } = options;
  return createEnvelopeSealer(rememberDataKeys(createKmsWrapper(options), { clock, keepMs }));
}

const Bytes = z.union([z.instanceof(Uint8Array), z.string()]).transform(toBuffer);
const Checksum = z.object({ value: z.coerce.number() });

const EncryptResponse = z.object({
  name: z.string(),
  ciphertext: Bytes,
  ciphertextCrc32c: Checksum,
  verifiedPlaintextCrc32c: z.literal(true),
  verifiedAdditionalAuthenticatedDataCrc32c: z.literal(true),
});

const DecryptResponse = z.object({ plaintext: Bytes, plaintextCrc32c: Checksum });

function createKmsWrapper(options: KmsSealerOptions): KeyWrapper {
  const { keyName, timeoutMs = 10_000 } = options;
  let opening: Promise<KeyManagementServiceClient> | null = null;
  const openClient = async (): Promise<KeyManagementServiceClient> => {
    opening ??= createClient(options);
    try {
      return await opening;
    } catch (error) {
      // Credentials may be found at another try: not remembered.
      opening = null;
      throw toKmsError(error);
    }
  };

  return {
    async wrap(dataKey, additionalData) {
      const request = {
        name: keyName,
        plaintext: dataKey,
        plaintextCrc32c: { value: crc32cOf(dataKey) },
        additionalAuthenticatedData: additionalData,
        additionalAuthenticatedDataCrc32c: { value: crc32cOf(additionalData) },
      };
      const client = await openClient();
      const [body] = await client.encrypt(request, { timeout: timeoutMs }).catch((error) => {
        throw toKmsError(error);
      });
      const response = EncryptResponse.safeParse(body);
      // Checksums not confirmed, or the key itself damaged: the secret would be lost once stored.
      if (!response.success || !isIntact(response.data.ciphertext, response.data.ciphertextCrc32c))
        throw damagedOnTheWay();
      return { keyVersion: response.data.name, wrappedKey: response.data.ciphertext };
    },
    async unwrap({ keyVersion, wrappedKey, additionalData }) {
      // A stored name is data: it must not choose another key than ours.
      if (!keyVersion.startsWith(`${keyName}/cryptoKeyVersions/`)) throw doesNotOpen();
      const request = {
        name: keyName,
        ciphertext: wrappedKey,
        ciphertextCrc32c: { value: crc32cOf(wrappedKey) },
        additionalAuthenticatedData: additionalData,
        additionalAuthenticatedDataCrc32c: { value: crc32cOf(additionalData) },
      };
      const client = await openClient();
      const [body] = await client.decrypt(request, { timeout: timeoutMs }).catch((error) => {
        throw toKmsError(error);
      });
      const response = DecryptResponse.safeParse(body);
      if (!response.success || !isIntact(response.data.plaintext, response.data.plaintextCrc32c))
        throw damagedOnTheWay();
      return response.data.plaintext;
    },
  };
}

/** Over HTTP and JSON, so that Google and a server for tests are asked by the same transport. */
async function createClient(options: KmsSealerOptions): Promise<KeyManagementServiceClient> {
  const { KeyManagementServiceClient } = await import('@google-cloud/kms');
  const client = new KeyManagementServiceClient({
    fallback: true,
    ...(options.endpoint ? toAddress(new URL(options.endpoint)) : {}),
  });
  // Every method initialises too, but throws a failure away as an unhandled rejection, which ends
  // the process (@google-cloud/kms 6.17.0); here it can be caught.
  await client.initialize();
  return client;
}

function toAddress({ protocol, hostname, port }: URL) {
  return {
    protocol: protocol.replace(':', ''),
    apiEndpoint: hostname,
    port: Number(port || (protocol === 'http:' ? 80 : 443)),
  };
}

function isIntact(bytes: Buffer, checksum: { readonly value: number }): boolean {
  return crc32cOf(bytes) === checksum.value;
}

function toBuffer(bytes: Uint8Array | string): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : Buffer.from(bytes);
}
