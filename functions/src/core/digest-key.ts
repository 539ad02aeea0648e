import { createHash } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * A document id that its parts alone decide: 52 characters of base32 over their SHA-256, each part
 * prefixed by its length in UTF-8 bytes, so that no two different lists of parts read the same.
 */
export function toDigestKey(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return toBase32(hash.digest());
}

/** RFC 4648 base32 in lower case, unpadded; the 256 bits of a hash are 51 characters and one bit. */
function toBase32(bytes: Uint8Array): string {
  let bits = 0;
  let value = 0;
  let text = '';
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((value >>> bits) & 31);
    }
    value &= (1 << bits) - 1;
  }
  return text + alphabet.charAt((value << (5 - bits)) & 31);
}
