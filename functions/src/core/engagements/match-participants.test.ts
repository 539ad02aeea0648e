import { samplePerson as person } from '../testing/sample-records.ts';
import {
  matchParticipants,
  type Company,
  type Contact,
  type Directory,
} from './match-participants.ts';

type Owned<T> = T & { readonly customerId: string };

const acme: Owned<Company> = { customerId: 'customer-1', id: 'acme', domains: ['acme.example'] };
const ann: Owned<Contact> = {
  customerId: 'customer-1',
  id: 'ann',
  emails: ['ann@acme.example', 'ann@home.example'],
  phones: ['+12025550123'],
  companyId: 'acme',
};
const bob: Owned<Contact> = {
  customerId: 'customer-1',
  id: 'bob',
  emails: ['bob@acme.example'],
  phones: ['+12025550199'],
  companyId: null,
};

/** A directory in memory that keeps what it was asked. */
function createDirectory(
  companies: readonly Owned<Company>[],
  contacts: readonly Owned<Contact>[],
) {
  const asked: unknown[] = [];
  const directory: Directory = {
    async findCompanies(customerId, domains) {
      asked.push({ customerId, domains });
      return companies.filter(
        (one) => one.customerId === customerId && one.domains.some((own) => domains.includes(own)),
      );
    },
    async findContacts(customerId, { emails, phones }) {
      asked.push({ customerId, emails, phones });
      return contacts.filter(
        (one) =>
          one.customerId === customerId &&
          (one.emails.some((own) => emails.includes(own)) ||
            one.phones.some((own) => phones.includes(own))),
      );
    },
  };
  return { directory, asked };
}

async function match(
  people: readonly ReturnType<typeof person>[],
  companies: readonly Owned<Company>[] = [acme],
  contacts: readonly Owned<Contact>[] = [ann, bob],
) {
  const { directory } = createDirectory(companies, contacts);
  const matched = await matchParticipants(directory, 'customer-1', people);
  return matched.map(({ contactId, companyId }) => ({ contactId, companyId }));
}

describe('matchParticipants', () => {
  it('keeps what the platform says of a person, who speaks under their id there', async () => {
    const { directory } = createDirectory([], []);
    const somebody = person({
      id: 'speaker-7',
      name: 'Ann Lee',
      email: 'ann@acme.example',
      phone: '+12025550123',
      role: 'external',
      attended: false,
    });

    expect(await matchParticipants(directory, 'customer-1', [somebody])).toStrictEqual([
      {
        name: 'Ann Lee',
        email: 'ann@acme.example',
        phone: '+12025550123',
        role: 'external',
        attended: false,
        speakerId: 'speaker-7',
        contactId: null,
        companyId: null,
      },
    ]);
  });

  it('knows a contact by any of their e-mails, and their company with them', async () => {
    expect(await match([person({ email: 'ann@home.example' })])).toEqual([
      { contactId: 'ann', companyId: 'acme' },
    ]);
  });

  it('knows a contact by phone', async () => {
    expect(await match([person({ phone: '+12025550123' })])).toEqual([
      { contactId: 'ann', companyId: 'acme' },
    ]);
  });

  it('believes the e-mail where the phone is somebody else’s', async () => {
    expect(await match([person({ email: 'bob@acme.example', phone: '+12025550123' })])).toEqual([
      { contactId: 'bob', companyId: 'acme' },
    ]);
  });

  it('goes by the phone where nobody has the e-mail', async () => {
    expect(await match([person({ email: 'new@acme.example', phone: '+12025550199' })])).toEqual([
      { contactId: 'bob', companyId: 'acme' },
    ]);
  });

  it('knows the company of a stranger by their domain', async () => {
    expect(await match([person({ email: 'cy@acme.example' })])).toEqual([
      { contactId: null, companyId: 'acme' },
    ]);
  });

  it('takes a contact’s own company before the one of their domain', async () => {
    const other: Owned<Company> = {
      customerId: 'customer-1',
      id: 'home',
      domains: ['home.example'],
    };

    expect(await match([person({ email: 'ann@home.example' })], [acme, other])).toEqual([
      { contactId: 'ann', companyId: 'acme' },
    ]);
  });

  it('makes no company of free mail, even where the directory has one', async () => {
    const google: Owned<Company> = {
      customerId: 'customer-1',
      id: 'google',
      domains: ['gmail.com'],
    };

    expect(await match([person({ email: 'ann@gmail.com' })], [google])).toEqual([
      { contactId: null, companyId: null },
    ]);
  });

  it('gives each person only what is theirs', async () => {
    const people = [
      person({ email: 'cy@other.example' }),
      person({ email: 'ann@acme.example' }),
      person({ name: 'Dee' }),
      person({ phone: '+12025550199' }),
    ];

    expect(await match(people)).toEqual([
      { contactId: null, companyId: null },
      { contactId: 'ann', companyId: 'acme' },
      { contactId: null, companyId: null },
      { contactId: 'bob', companyId: null },
    ]);
  });

  it('finds nobody of another customer', async () => {
    const theirs = [{ ...ann, customerId: 'customer-2' }];

    expect(
      await match(
        [person({ email: 'ann@acme.example' })],
        [{ ...acme, customerId: 'customer-2' }],
        theirs,
      ),
    ).toEqual([{ contactId: null, companyId: null }]);
  });

  it('asks for everybody at once, and for each thing once', async () => {
    const { directory, asked } = createDirectory([acme], [ann, bob]);
    const people = [
      person({ email: 'ann@acme.example', phone: '+12025550123' }),
      person({ email: 'bob@acme.example', phone: '+12025550123' }),
      person({ email: 'eve@gmail.com' }),
      person({ name: 'Dee' }),
    ];

    await matchParticipants(directory, 'customer-1', people);

    expect(asked).toEqual([
      { customerId: 'customer-1', domains: ['acme.example'] },
      {
        customerId: 'customer-1',
        emails: ['ann@acme.example', 'bob@acme.example', 'eve@gmail.com'],
        phones: ['+12025550123'],
      },
    ]);
  });

  it.each([
    ['nobody', []],
    ['somebody with a name alone', [person({ name: 'Dee' })]],
  ])('asks for nothing with %s there', async (_name, people) => {
    const { directory, asked } = createDirectory([acme], [ann]);

    expect(await matchParticipants(directory, 'customer-1', people)).toHaveLength(people.length);
    expect(asked).toEqual([]);
  });
});
