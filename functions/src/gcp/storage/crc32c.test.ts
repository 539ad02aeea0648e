import { CRC32C } from '@google-cloud/storage';
import { createCrc32c, crc32cOf } from './crc32c.ts';

describe('CRC32C', () => {
  it.each([
    ['32 bytes of zeroes', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['32 rising bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    ['32 falling bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
    ['the digits 1 to 9', Buffer.from('123456789'), 0xe3069283],
    ['nothing', Buffer.alloc(0), 0],
  ])('gives the value of RFC 3720 for %s', (_name, data, expected) => {
    expect(crc32cOf(data)).toBe(expected);
  });

  it('writes itself as Cloud Storage does', () => {
    const checksum = createCrc32c();
    checksum.update(Buffer.from('123456789'));
    expect(checksum.toString()).toBe('4waSgw==');
    expect(checksum.validate('4waSgw==')).toBe(true);
    expect(checksum.validate('4waSgg==')).toBe(false);
    expect(checksum.toNumber()).toBe(0xe3069283);
  });

  it('does not depend on how the bytes are cut, and agrees with the client library', () => {
    const data = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 31 + (i >> 3)) & 0xff));
    const library = new CRC32C();
    library.update(data);
    for (const size of [1, 7, 15, 16, 17, 1000, 5000]) {
      const checksum = createCrc32c();
      for (let start = 0; start < data.length; start += size)
        checksum.update(data.subarray(start, start + size));
      expect(checksum.toString()).toBe(library.toString());
    }
  });
});
