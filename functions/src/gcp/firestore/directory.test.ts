import type { EmbeddedFirestore } from '../../../local/store/embedded-store.ts';
import { openEmbeddedFirestore } from '../../../local/store/embedded-firestore.ts';
import {
  meterFirestore,
  type FirestoreMeter,
} from '../../../test/support/engine/firestore-meter.ts';
import { createFakeClock, type FakeClock } from '../../contexts/testing/fake-clock.ts';
import type { Directory } from '../../core/engagements/match-participants.ts';
import { createFirestoreDirectory } from './directory.ts';

let store: EmbeddedFirestore;
let meter: FirestoreMeter;
let clock: FakeClock;
let directory: Directory;

beforeEach(async () => {
  store = await openEmbeddedFirestore({
    folder: null,
    projectId: 'demo-people',
    emulatorHost: null,
  });
  meter = meterFirestore(store.firestore);
  clock = createFakeClock();
  directory = createFirestoreDirectory(store.firestore, { clock, cacheMs: 60_000 });
  const put = (path: string, data: object) => store.firestore.doc(path).set(data);
  await put('companies/acme', {
    ...{ id: 'acme', customerId: 'customer-1', name: 'Acme' },
    domains: ['acme.example', 'acme.org'],
  });
  await put('companies/other', {
    id: 'other',
    customerId: 'customer-2',
    domains: ['acme.example'],
  });
  await put('contacts/tom', {
    ...{ id: 'tom', customerId: 'customer-1', companyId: 'acme' },
    ...{ emails: ['tom@acme.example'], phones: ['+14155550142'] },
  });
  await put('contacts/bare', { id: 'bare', customerId: 'customer-1', emails: ['b@x.example'] });
});
afterEach(() => store.close());

const acme = { id: 'acme', domains: ['acme.example', 'acme.org'] };
const tom = {
  ...{ id: 'tom', companyId: 'acme', emails: ['tom@acme.example'], phones: ['+14155550142'] },
};

describe('the directory', () => {
  it('finds a customer’s own companies by any of their domains, each once', async () => {
    const both = ['acme.example', 'acme.org', 'nobody.example'];
    expect(await directory.findCompanies('customer-1', both)).toEqual([acme]);
    expect(await directory.findCompanies('customer-2', ['acme.example'])).toEqual([
      { id: 'other', domains: ['acme.example'] },
    ]);
    expect(await directory.findCompanies('customer-3', both)).toEqual([]);
  });

  it('finds contacts by e-mail and by phone', async () => {
    const find = (by: { emails?: string[]; phones?: string[] }) =>
      directory.findContacts('customer-1', { emails: [], phones: [], ...by });
    expect(await find({})).toEqual([]);
    expect(await find({ emails: ['tom@acme.example'] })).toEqual([tom]);
    expect(await find({ phones: ['+14155550142'] })).toEqual([tom]);
    expect(await find({ emails: ['b@x.example'] })).toEqual([
      { id: 'bare', emails: ['b@x.example'], phones: [], companyId: null },
    ]);
  });

  it('asks for what it knows only once, the answer "nobody" included, until that is old', async () => {
    const find = () => directory.findCompanies('customer-1', ['acme.example', 'nobody.example']);
    expect(await meter.measure(find)).toEqual({ reads: 1, writes: 0 });
    expect(await meter.measure(find)).toEqual({ reads: 0, writes: 0 });
    clock.advance(59_999);
    expect(await meter.measure(find)).toEqual({ reads: 0, writes: 0 });
    clock.advance(1);
    expect(await meter.measure(find)).toEqual({ reads: 1, writes: 0 });
  });

  it('asks once for what many ask at the same time', async () => {
    const find = () => directory.findCompanies('customer-1', ['acme.example']);
    let found: unknown;
    const charges = await meter.measure(async () => {
      found = await Promise.all([find(), find(), find()]);
    });
    expect(charges).toEqual({ reads: 1, writes: 0 });
    expect(found).toEqual([[acme], [acme], [acme]]);
  });

  it('keeps customers apart in what it remembers', async () => {
    await directory.findCompanies('customer-1', ['acme.example']);
    const found = await directory.findCompanies('customer-2', ['acme.example']);
    expect(found.map((company) => company.id)).toEqual(['other']);
  });

  it('asks for more keys than a query takes in several', async () => {
    const domains = Array.from({ length: 70 }, (_, index) => `d${index}.example`);
    const charges = await meter.measure(() =>
      directory.findCompanies('customer-1', [...domains, 'acme.org']),
    );
    expect(charges).toEqual({ reads: 8, writes: 0 });
    const again = await directory.findCompanies('customer-1', [...domains, 'acme.org']);
    expect(again).toEqual([acme]);
  });

  it('does not remember a failure', async () => {
    const company = store.firestore.doc('companies/acme');
    await company.update({ domains: ['acme.example', 7] });
    const find = () => directory.findCompanies('customer-1', ['acme.example']);
    await expect(find()).rejects.toMatchObject({
      ...{ kind: 'internal', source: 'firestore' },
      publicMessage: 'The stored document companies/acme is not valid at "domains.1".',
    });
    await company.update({ domains: ['acme.example', 'acme.org'] });
    expect(await find()).toEqual([acme]);
  });
});
