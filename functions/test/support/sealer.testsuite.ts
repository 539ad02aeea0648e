import { ImportError } from '../../src/core/errors.ts';
import type { SealedSecret, Sealer } from '../../src/core/ports.ts';

const binding = ['customer-1', 'gong', 'credential-1'];

/** What every `Sealer` promises. */
export function testSealer(name: string, sealerOf: () => Sealer): void {
  describe(`${name} as a sealer`, () => {
    it.each([
      ['a key', 'sk_live_1234567890'],
      ['nothing', ''],
      ['unicode', '{"token":"Grüße 🎧"}'],
      ['much', 'x'.repeat(100_000)],
    ])('opens what it sealed: %s', async (_name, plaintext) => {
      const sealed = await sealerOf().seal(plaintext, binding);
      expect(await sealerOf().open(sealed, binding)).toBe(plaintext);
    });

    it('seals the same secret differently each time, and shows nothing of it', async () => {
      const first = await sealerOf().seal('a long enough secret', binding);
      const second = await sealerOf().seal('a long enough secret', binding);
      for (const field of ['wrappedKey', 'iv', 'ciphertext', 'tag'] as const)
        expect(first[field]).not.toBe(second[field]);
      expect(Buffer.from(first.iv, 'base64')).toHaveLength(12);
      expect(Buffer.from(first.tag, 'base64')).toHaveLength(16);
      expect(Buffer.from(first.ciphertext, 'base64').toString()).not.toContain('secret');
    });

    it.each([
      ['another customer', ['customer-2', 'gong', 'credential-1']],
      ['one part less', ['customer-1', 'gong']],
      ['one part more', [...binding, '']],
      ['the parts cut elsewhere', ['customer-1gong', '', 'credential-1']],
      ['the parts in another order', ['gong', 'customer-1', 'credential-1']],
      ['no parts', []],
    ])('does not open with another binding: %s', async (_name, other) => {
      const sealed = await sealerOf().seal('secret', binding);
      await expectNotToOpen(sealed, other);
    });

    it.each(['wrappedKey', 'iv', 'ciphertext', 'tag'] as const)(
      'does not open when any byte of %s has a flipped bit, or is missing, or is one more',
      async (field) => {
        const sealed = await sealerOf().seal('secret', binding);
        const bytes = Buffer.from(sealed[field], 'base64');
        const changed = [bytes.subarray(1), bytes.subarray(0, -1), Buffer.alloc(0)];
        changed.push(Buffer.concat([bytes, Buffer.alloc(1)]));
        for (let index = 0; index < bytes.length; index++) {
          const flipped = Buffer.from(bytes);
          flipped[index] = (flipped[index] ?? 0) ^ (1 << (index % 8));
          changed.push(flipped);
        }
        for (const other of changed)
          await expectNotToOpen({ ...sealed, [field]: other.toString('base64') }, binding);
        await expectNotToOpen({ ...sealed, [field]: `${sealed[field]} ` }, binding);
      },
    );

    it('says which key version seals, before and after it is renewed, and opens what earlier ones sealed', async () => {
      const sealer = sealerOf();
      const before = await sealer.seal('secret', binding);
      expect(await sealer.currentKey()).toBe(before.keyVersion);
      const renewed = await sealer.renewKey();
      const after = await sealer.seal('secret', binding);
      expect([after.keyVersion, await sealer.currentKey()]).toEqual([renewed, renewed]);
      await sealer.retireKeys([before.keyVersion, renewed]);
      for (const sealed of [before, after]) {
        expect(await sealer.open(sealed, binding)).toBe('secret');
      }
    });

    it('does not open under the name of another key version', async () => {
      const sealed = await sealerOf().seal('secret', binding);
      await expectNotToOpen({ ...sealed, keyVersion: `${sealed.keyVersion}9` }, binding);
      await expectNotToOpen({ ...sealed, keyVersion: '' }, binding);
    });

    it('does not open with parts of another secret', async () => {
      const first = await sealerOf().seal('secret', binding);
      const second = await sealerOf().seal('secret', binding);
      for (const field of ['wrappedKey', 'iv', 'ciphertext', 'tag'] as const)
        await expectNotToOpen({ ...first, [field]: second[field] }, binding);
    });

    async function expectNotToOpen(sealed: SealedSecret, other: readonly string[]) {
      const error: unknown = await sealerOf()
        .open(sealed, other)
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ImportError);
      expect(error).toMatchObject({ kind: 'internal', source: 'kms', retryable: false });
    }
  });
}
