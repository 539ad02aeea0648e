import type { Sealer } from '../../../src/core/ports.ts';
import {
  createDataKey,
  createEnvelopeSealer,
  decrypt,
  encrypt,
} from '../../../src/gcp/kms/envelope.ts';

const ivBytes = 12;
const tagBytes = 16;

/** The real envelope, its data keys wrapped by a key that lives as long as the test. */
export function createTestSealer(): Sealer {
  const key = createDataKey();
  return createEnvelopeSealer({
    wrap: async (dataKey, additionalData) => {
      const { iv, tag, ciphertext } = encrypt({ key, plaintext: dataKey, additionalData });
      return { keyVersion: 'test/1', wrappedKey: Buffer.concat([iv, tag, ciphertext]) };
    },
    unwrap: async ({ wrappedKey, additionalData }) =>
      decrypt({
        ...{ key, additionalData },
        iv: wrappedKey.subarray(0, ivBytes),
        tag: wrappedKey.subarray(ivBytes, ivBytes + tagBytes),
        ciphertext: wrappedKey.subarray(ivBytes + tagBytes),
      }),
  });
}
