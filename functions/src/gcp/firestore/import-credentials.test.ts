import type { EmbeddedFirestore } from '../../../local/store/embedded-store.ts';
import { openEmbeddedFirestore } from '../../../local/store/embedded-firestore.ts';
import type { CredentialStore, StoredCredential } from '../../core/credentials/credential-store.ts';
import { createFirestoreCredentials } from './import-credentials.ts';

let store: EmbeddedFirestore;
let credentials: CredentialStore;

beforeEach(async () => {
  store = await openEmbeddedFirestore({ folder: null, projectId: 'demo-keys', emulatorHost: null });
  credentials = createFirestoreCredentials(store.firestore);
});
afterEach(() => store.close());

function sealed(id: string, minute: number, type: 'one_off' | 'stored' = 'one_off') {
  return {
    ...{ id, type, customerId: 'customer-1', platform: 'gong' },
    sealed: { keyVersion: 'k/1', wrappedKey: 'aa', iv: 'bb', ciphertext: 'cc', tag: 'dd' },
    ...{ version: 1, refreshLease: null },
    createdAt: new Date(Date.UTC(2026, 2, 2, 8, minute)),
    ...{ label: null, createdBy: null, expiresAt: null, lastCheck: null },
  } as const satisfies StoredCredential;
}

describe('stored credentials', () => {
  it('are read as they were written', async () => {
    await credentials.create(sealed('a', 1));
    expect(await credentials.get('a')).toEqual(sealed('a', 1));
    expect(await credentials.get('b')).toBeNull();
  });

  it('are never replaced', async () => {
    await credentials.create(sealed('a', 1));
    await expect(credentials.create(sealed('a', 2))).rejects.toMatchObject({ kind: 'conflict' });
    expect(await credentials.get('a')).toEqual(sealed('a', 1));
  });

  it('change inside a transaction, which may see that there is nothing', async () => {
    await credentials.create(sealed('a', 1));
    const lease = { holder: 'one', expiresAt: new Date('2026-03-02T09:00:00Z') };
    const seen = await credentials.transact('a', (found) => ({
      credential: found && { ...found, refreshLease: lease },
      result: found?.version,
    }));
    expect(seen).toBe(1);
    expect(await credentials.get('a')).toEqual({ ...sealed('a', 1), refreshLease: lease });
    const nothing = await credentials.transact('b', (found) => ({
      credential: null,
      result: found,
    }));
    expect(nothing).toBeNull();
    expect(await credentials.get('b')).toBeNull();
  });

  it('are read as their first version where they were stored before there were versions', async () => {
    const { version, refreshLease, ...old } = sealed('a', 1);
    await store.firestore.doc('importCredentials/a').set(old);
    expect(await credentials.get('a')).toEqual({ ...old, version, refreshLease });
  });

  it('are gone once removed, and removing them again is as good', async () => {
    await credentials.create(sealed('a', 1));
    await credentials.remove('a');
    await credentials.remove('a');
    expect(await credentials.get('a')).toBeNull();
  });

  it('lists the one-off ones, oldest first', async () => {
    await credentials.create(sealed('a', 3));
    await credentials.create(sealed('b', 1));
    await credentials.create(sealed('c', 2));
    await credentials.create(sealed('d', 0, 'stored'));
    const ids = async (limit: number) => (await credentials.listOneOff(limit)).map((one) => one.id);
    expect(await ids(10)).toEqual(['b', 'c', 'a']);
    expect(await ids(2)).toEqual(['b', 'c']);
  });

  it('lists past one that can’t be read, and reports it', async () => {
    const reported: string[] = [];
    const reporting = createFirestoreCredentials(store.firestore, (path) => reported.push(path));
    await credentials.create(sealed('a', 1));
    await credentials.create(sealed('b', 2));
    await store.firestore.doc('importCredentials/a').update({ platform: 'unheard of' });
    expect((await reporting.listOneOff(10)).map((one) => one.id)).toEqual(['b']);
    expect(reported).toEqual(['importCredentials/a']);
    expect((await credentials.listOneOff(10)).map((one) => one.id)).toEqual(['b']);
  });
});
