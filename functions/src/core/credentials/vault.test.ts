import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyFileSealer } from '../../../local/key-file/key-file-sealer.ts';
import { createMemoryCredentials } from '../testing/memory-credentials.ts';
import { conceal } from './secret.ts';
import { createVault } from './vault.ts';

const cacheMs = 60_000;
const owner = { customerId: 'customer-1', platform: 'gong' } as const;
const credentials = { accessKey: 'ACCESS-KEY', accessKeySecret: 's3cret' };

describe('createVault', () => {
  let folder = '';
  let keyFile = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vault-'));
    keyFile = join(folder, 'keys.json');
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** A vault as one instance has it: several may share a store. */
  function open(shared = createMemoryCredentials()) {
    let now = Date.parse('2026-03-02T12:00:00Z');
    let ids = 0;
    const vault = createVault({
      store: shared.store,
      sealer: createKeyFileSealer({ file: keyFile }),
      clock: { now: () => new Date(now) },
      createId: () => `credential-${(ids += 1)}`,
      sleep: async () => undefined,
      cacheMs,
    });
    const pass = (ms: number) => {
      now += ms;
    };
    return { ...shared, vault, pass };
  }
  const oneOff = { ...owner, type: 'one_off', credentials } as const;
  const destroyed = {
    name: 'ImportError',
    kind: 'auth_invalid',
    source: 'credentials',
    retryable: false,
    publicMessage:
      'The credentials of this import are no longer stored. Start it again with credentials.',
  };

  it('gives back what it was given', async () => {
    const { vault } = open();

    const id = await vault.keep(oneOff);

    expect(id).toBe('credential-1');
    expect(await vault.open({ id, ...owner })).toEqual(credentials);
  });

  it('keeps once what a repeated request keeps under the id of the first', async () => {
    const { vault, stored } = open();
    const named = { ...oneOff, id: 'credential-of-request' };
    expect([await vault.keep(named), await vault.keep(named)]).toEqual([named.id, named.id]);
    expect(await vault.open({ id: named.id, ...owner })).toEqual(credentials);
    expect(stored.size).toBe(1);
  });

  it('gives nobody an id under which another’s credentials are kept', async () => {
    const { vault } = open();
    await vault.keep({ ...oneOff, id: 'taken' });
    const other = { ...oneOff, id: 'taken', customerId: 'customer-2' };
    await expect(vault.keep(other)).rejects.toMatchObject(destroyed);
    await vault.keep({ ...oneOff, id: 'credential-1' });
    await expect(vault.keep(oneOff)).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('stores whose they are, and of what they consist only sealed', async () => {
    const { vault, stored } = open();
    await vault.keep({ ...oneOff, type: 'stored' });

    expect(stored.get('credential-1')).toStrictEqual({
      id: 'credential-1',
      customerId: 'customer-1',
      platform: 'gong',
      type: 'stored',
      version: 1,
      refreshLease: null,
      createdAt: new Date('2026-03-02T12:00:00Z'),
      ...{ label: null, createdBy: null, expiresAt: null, lastCheck: null },
      sealed: {
        keyVersion: expect.stringMatching(/./),
        wrappedKey: expect.stringMatching(/./),
        iv: expect.stringMatching(/./),
        ciphertext: expect.stringMatching(/./),
        tag: expect.stringMatching(/./),
      },
    });
    const bytes = JSON.stringify([...stored]);
    for (const secret of ['ACCESS-KEY', 's3cret', 'accessKeySecret']) {
      expect(bytes).not.toContain(secret);
      expect(bytes).not.toContain(Buffer.from(secret).toString('base64').slice(0, 8));
    }
  });

  it('keeps what staff noted of them beside', async () => {
    const { vault, stored } = open();
    const notes = {
      ...{ label: 'Sales', createdBy: 'admin@example.com' },
      expiresAt: new Date('2027-01-01T00:00:00Z'),
      lastCheck: { at: new Date('2026-03-02T11:59:00Z'), outcome: 'valid', reason: null },
    } as const;
    await vault.keep({ ...oneOff, type: 'stored', notes });

    expect(stored.get('credential-1')).toMatchObject(notes);
  });

  it('gives back what nothing prints', async () => {
    const { vault } = open();
    const id = await vault.keep({ ...oneOff, credentials: conceal(credentials) });

    const opened = await vault.open({ id, ...owner });

    expect(JSON.stringify({ opened })).toBe('{"opened":"[redacted]"}');
    expect({ ...opened }).toEqual(credentials);
  });

  it('seals the same credentials differently each time', async () => {
    const { vault, stored } = open();
    await vault.keep(oneOff);
    await vault.keep(oneOff);

    const [first, second] = [...stored.values()].map(({ sealed }) => sealed);
    expect(first?.ciphertext).not.toBe(second?.ciphertext);
    expect(first?.iv).not.toBe(second?.iv);
  });

  it.each([
    ['another customer', { ...owner, customerId: 'customer-2' }],
    ['another platform', { ...owner, platform: 'grain' as const }],
  ])('has nothing for %s, just as if it were destroyed', async (_name, stranger) => {
    const { vault } = open();
    const id = await vault.keep(oneOff);

    await expect(vault.open({ id, ...stranger })).rejects.toMatchObject(destroyed);
  });

  it('has nothing under an id that it never gave', async () => {
    await expect(open().vault.open({ id: 'nobody', ...owner })).rejects.toMatchObject(destroyed);
  });

  it('does not open a record that was moved to another owner behind its back', async () => {
    const { vault, stored } = open();
    const id = await vault.keep(oneOff);
    const kept = stored.get(id);
    if (!kept) throw new Error('nothing was stored');
    stored.set(id, { ...kept, customerId: 'customer-2' });

    await expect(vault.open({ id, ...owner, customerId: 'customer-2' })).rejects.toMatchObject({
      name: 'ImportError',
      kind: 'internal',
    });
  });

  it('does not open a record that was copied under another id', async () => {
    const { vault, stored } = open();
    const id = await vault.keep(oneOff);
    const kept = stored.get(id);
    if (!kept) throw new Error('nothing was stored');
    stored.set('copy', { ...kept, id: 'copy' });

    await expect(vault.open({ id: 'copy', ...owner })).rejects.toMatchObject({ kind: 'internal' });
  });

  it('destroys at once where it was told to', async () => {
    const { vault, stored } = open();
    const id = await vault.keep(oneOff);
    await vault.open({ id, ...owner });

    await vault.destroy(id);

    expect(stored.size).toBe(0);
    await expect(vault.open({ id, ...owner })).rejects.toMatchObject(destroyed);
  });

  it('destroys twice as well as once', async () => {
    const { vault } = open();
    const id = await vault.keep(oneOff);

    await vault.destroy(id);

    await expect(vault.destroy(id)).resolves.toBeUndefined();
  });

  it('reads the store once while the cache lasts, and again after', async () => {
    const { vault, reads, pass } = open();
    const id = await vault.keep(oneOff);

    await vault.open({ id, ...owner });
    pass(cacheMs - 1);
    await vault.open({ id, ...owner });
    expect(reads).toEqual([id]);

    pass(1);
    await vault.open({ id, ...owner });
    expect(reads).toEqual([id, id]);
  });

  it('opens on no other instance for longer than the cache lasts after it was destroyed', async () => {
    const here = open();
    const there = open(here);
    const id = await here.vault.keep(oneOff);
    await there.vault.open({ id, ...owner });

    await here.vault.destroy(id);
    there.pass(cacheMs);

    await expect(there.vault.open({ id, ...owner })).rejects.toMatchObject(destroyed);
  });

  it('forgets the oldest answers when it was asked for very many', async () => {
    const { vault, reads } = open();
    const id = await vault.keep(oneOff);
    await vault.open({ id, ...owner });
    for (let index = 0; index < 1_001; index += 1) {
      await vault.open({ id: `other-${index}`, ...owner }).catch(() => undefined);
    }

    expect(await vault.open({ id, ...owner })).toEqual(credentials);
    expect(reads.filter((read) => read === id)).toHaveLength(2);
  });

  it('lists what has to be destroyed, and nothing that is kept', async () => {
    const { vault } = open();
    await vault.keep(oneOff);
    await vault.keep({ ...oneOff, type: 'stored' });
    await vault.keep(oneOff);

    expect((await vault.listOneOff(10)).map(({ id }) => id)).toEqual([
      'credential-1',
      'credential-3',
    ]);
    expect(await vault.listOneOff(1)).toHaveLength(1);
  });
});
