import type { Sealer } from '../../../src/core/ports.ts';
import {
  createDataKey,
  createEnvelopeSealer,
  decrypt,
  doesNotOpen,
  encrypt,
} from '../../../src/gcp/kms/envelope.ts';

const ivBytes = 12;
const tagBytes = 16;

/** The real envelope, its data keys wrapped by keys that live as long as the test. */
export function createTestSealer(): Sealer {
  const keys = [createDataKey()];
  return createEnvelopeSealer({
    renew: async () => {
      keys.push(createDataKey());
    },
    wrap: async (dataKey, additionalData) => {
      const key = keys.at(-1) ?? createDataKey();
      const { iv, tag, ciphertext } = encrypt({ key, plaintext: dataKey, additionalData });
      return {
        keyVersion: `test/${keys.length}`,
        wrappedKey: Buffer.concat([iv, tag, ciphertext]),
      };
    },
    unwrap: async ({ keyVersion, wrappedKey, additionalData }) => {
      const key = keys[Number(keyVersion.replace('test/', '')) - 1];
      if (!key) throw doesNotOpen();
      return decrypt({
        ...{ key, additionalData },
        iv: wrappedKey.subarray(0, ivBytes),
        tag: wrappedKey.subarray(ivBytes, ivBytes + tagBytes),
        ciphertext: wrappedKey.subarray(ivBytes + tagBytes),
      });
    },
  });
}
