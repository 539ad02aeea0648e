import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ImportError } from '../../core/errors.ts';
import type { SealedSecret, Sealer } from '../../core/ports.ts';

/** Wraps data keys by a key that never leaves its place. */
export interface KeyWrapper {
  /** `keyVersion` names the wrapping key and its version; it is stored beside the wrapped key. */
  wrap(
    dataKey: Buffer,
    additionalData: Buffer,
  ): Promise<{ readonly keyVersion: string; readonly wrappedKey: Buffer }>;
  /** @throws `internal` when the additional data differs or the bytes were changed */
  unwrap(wrapped: {
    readonly keyVersion: string;
    readonly wrappedKey: Buffer;
    readonly additionalData: Buffer;
  }): Promise<Buffer>;
  /** Only where versions are ours to make. */
  renew?(): Promise<void>;
  retire?(keep: readonly string[]): Promise<void>;
}

export interface DataCiphertext {
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

/**
 * Seals each secret with a data key of its own, wrapped by `wrapper`. Keys and IVs come from the
 * system's random source always: nothing that a caller passes may repeat one.
 */
export function createEnvelopeSealer(wrapper: KeyWrapper): Sealer {
  // Only wrapping says which version wraps, and needs no permission beside; what it wraps is nothing.
  const currentKey = async () => (await wrapper.wrap(createDataKey(), Buffer.alloc(0))).keyVersion;
  return {
    currentKey,
    async renewKey() {
      await wrapper.renew?.();
      return currentKey();
    },
    async retireKeys(keep) {
      await wrapper.retire?.(keep);
    },
    async seal(plaintext, binding) {
      const dataKey = createDataKey();
      try {
        const { keyVersion, wrappedKey } = await wrapper.wrap(dataKey, encodeBinding(binding));
        const additionalData = encodeBinding([...binding, keyVersion]);
        const sealed = encrypt({ key: dataKey, plaintext: Buffer.from(plaintext), additionalData });
        return {
          keyVersion,
          wrappedKey: wrappedKey.toString('base64'),
          iv: sealed.iv.toString('base64'),
          ciphertext: sealed.ciphertext.toString('base64'),
          tag: sealed.tag.toString('base64'),
        };
      } finally {
        dataKey.fill(0);
      }
    },
    async open(sealed: SealedSecret, binding) {
      const { keyVersion } = sealed;
      const dataKey = await wrapper.unwrap({
        keyVersion,
        wrappedKey: decodeBase64(sealed.wrappedKey),
        additionalData: encodeBinding(binding),
      });
      try {
        const additionalData = encodeBinding([...binding, keyVersion]);
        return decrypt({
          key: dataKey,
          iv: decodeBase64(sealed.iv),
          ciphertext: decodeBase64(sealed.ciphertext),
          tag: decodeBase64(sealed.tag),
          additionalData,
        }).toString('utf8');
      } finally {
        dataKey.fill(0);
      }
    },
  };
}

/** A fresh random key for AES-256. */
export function createDataKey(): Buffer {
  return randomBytes(keyBytes);
}

/** AES-256-GCM under a random IV. */
export function encrypt(message: {
  readonly key: Buffer;
  readonly plaintext: Buffer;
  readonly additionalData: Buffer;
}): DataCiphertext {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, message.key, iv, { authTagLength: tagBytes });
  cipher.setAAD(message.additionalData);
  const ciphertext = Buffer.concat([cipher.update(message.plaintext), cipher.final()]);
  return { iv, ciphertext, tag: cipher.getAuthTag() };
}

/** The reverse of `encrypt`. @throws `internal` when anything was changed */
export function decrypt(
  message: DataCiphertext & { readonly key: Buffer; readonly additionalData: Buffer },
): Buffer {
  const { key, iv, ciphertext, tag, additionalData } = message;
  // A shorter tag would be accepted by some ciphers and is easier to forge.
  if (key.length !== keyBytes || iv.length !== ivBytes || tag.length !== tagBytes)
    throw doesNotOpen();
  try {
    const decipher = createDecipheriv(algorithm, key, iv, { authTagLength: tagBytes });
    decipher.setAAD(additionalData).setAuthTag(tag);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch (cause) {
    throw doesNotOpen(cause);
  }
}

/** Each part with its length before it, so that no two bindings have the same bytes. */
export function encodeBinding(binding: readonly string[]): Buffer {
  const parts = binding.flatMap((part) => {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts);
}

/** The error for a secret that was changed, or sealed for something else: trying again is no use. */
export function doesNotOpen(cause?: unknown): ImportError {
  return new ImportError({
    kind: 'internal',
    source: 'kms',
    publicMessage: 'A stored credential could not be opened: enter it again.',
    retryable: false,
    cause,
  });
}

/** Node skips what is not base64, which would let a changed text pass for the same bytes. */
function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw doesNotOpen();
  return bytes;
}
