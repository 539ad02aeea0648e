import { fc } from '../../../test/support/properties.ts';
import { samplePerson as person } from '../testing/sample-records.ts';
import {
  cleanParticipants,
  isNotetaker,
  normalisePhone,
  toCompanyDomain,
} from './clean-participants.ts';

describe('isNotetaker', () => {
  it.each([
    'Notetaker',
    'notetaker',
    'Note Taker',
    'AI Note-Taker',
    'AI-Notetaker',
    'Notetaker 2',
    'Ann’s Notetaker',
    "Ann's Notetaker (Otter.ai)",
    'Notetaker by Gong',
    'Notetaker for Ann Lee',
    'Fireflies.ai Notetaker',
    'Fireflies.ai Notetaker Ann',
    'Fathom Notetaker',
    'Read.ai meeting notes',
    'Otter.ai',
    'Otter AI',
    'OtterPilot',
    "Ann's OtterPilot",
    'Otter Pilot',
    'Fireflies',
    'Fireflies AI',
    'Fathom',
    'fathom.video',
    'Gong.io',
    'Gong Bot',
    'Chorus.ai',
    'Chorus Recorder',
    'Avoma Assistant',
    'tl;dv',
    'tldv.io',
    'Read.ai',
    'Read AI',
    'Sembly AI',
    'Jamie.ai',
    'Krisp',
    'Meeting Bot',
    'Acme Call Recorder',
    'Meeting Assistant',
  ])('takes %s for a bot', (name) => {
    expect(isNotetaker({ name, email: null })).toBe(true);
  });

  it.each([
    'Ann Notetaker-Jones',
    'Ann Jones-Notetaker',
    'Ann Notetakers',
    'Footnotetaker',
    'Jamie',
    'Jamie Ai',
    'Jamie Read',
    'Read',
    'Wei Gong',
    'Gong',
    'Chorus',
    'Grain',
    'Ann from Fathom',
    'Fathom Energy Ltd',
    'Fireflies Band',
    'Ann Otter',
    'Otter',
    'Bot',
    'Ann Abbot',
    'Ann Recorder',
    'Recorder Smith',
    'Assistant Professor Lee',
    'Meeting Room 4',
    'Conference Assistants',
    'Krispin',
    '',
  ])('takes %j for a person', (name) => {
    expect(isNotetaker({ name, email: null })).toBe(false);
  });

  it.each<[string | null, string]>([
    [null, 'anything@otter.ai'],
    [null, 'x7@READ.AI'],
    ['Fred', 'fred@fireflies.ai'],
    ['Fred', 'Fred@Fireflies.ai'],
    ['Ann Lee', 'notetaker@fathom.video'],
    ['Ann Lee', 'notes+ann@avoma.com'],
    ['Ann Lee', 'meeting.42@meetgeek.ai'],
    ['Ann Lee', 'no-reply@sembly.ai'],
    ['Recordings', 'recorder@tldv.io'],
    ['Gong Bot', 'ann@acme.example'],
  ])('takes %s at %s for a bot', (name, email) => {
    expect(isNotetaker({ name, email })).toBe(true);
  });

  it.each<[string | null, string]>([
    // These companies have customers and suppliers, too.
    ['Ann Lee', 'ann.lee@grain.com'],
    ['Fred Smith', 'fred@grain.com'],
    ['Ann Botham', 'botham@otter.ai'],
    ['Ann Lee', 'ann@nototter.ai'],
    [null, 'ann@otter.ai.example'],
    [null, 'ann@mail.grain.com.example'],
    [null, 'fred@acme.example'],
    [null, 'otter.ai'],
    [null, '@otter.ai'],
  ])('takes %s at %s for a person', (name, email) => {
    expect(isNotetaker({ name, email })).toBe(false);
  });

  it('takes somebody of whom nothing is known for a person', () => {
    expect(isNotetaker({ name: null, email: null })).toBe(false);
  });
});

describe('toCompanyDomain', () => {
  it.each([
    'ann@gmail.com',
    'ann@GMAIL.com',
    'ann@googlemail.com',
    'ann@yahoo.com',
    'ann@yahoo.de',
    'ann@yahoo.co.uk',
    'ann@yahoo.com.br',
    'ann@hotmail.com',
    'ann@hotmail.fr',
    'ann@outlook.com',
    'ann@outlook.co.nz',
    'ann@gmx.net',
    'ann@gmx.at',
    'ann@web.de',
    'ann@icloud.com',
    'ann@proton.me',
    'ann@qq.com',
    'ann@mail.ru',
    'ann@t-online.de',
    '"ann@acme.example"@gmail.com',
  ])('says nothing of a company for %s', (email) => {
    expect(toCompanyDomain(email)).toBeNull();
  });

  it.each([
    ['ann@acme.example', 'acme.example'],
    ['ann@ACME.Example', 'acme.example'],
    ['ann+gmail.com@acme.example', 'acme.example'],
    ['ann@mygmail.com', 'mygmail.com'],
    ['ann@gmail.com.example', 'gmail.com.example'],
    ['ann@mail.gmail.co', 'mail.gmail.co'],
    ['ann@notyahoo.com', 'notyahoo.com'],
    ['ann@yahoo-inc.com', 'yahoo-inc.com'],
    ['ann@yahoo.acme.example', 'yahoo.acme.example'],
    ['ann@outlook.solutions', 'outlook.solutions'],
    ['ann@zohocorp.com', 'zohocorp.com'],
    ['ann@me.com.au', 'me.com.au'],
    ['"odd@name"@acme.example', 'acme.example'],
  ])('is, for %s, %s', (email, expected) => {
    expect(toCompanyDomain(email)).toBe(expected);
  });

  it.each([null, '', 'acme.example', '@acme.example'])('is null for %j', (email) => {
    expect(toCompanyDomain(email)).toBeNull();
  });
});

describe('normalisePhone', () => {
  it.each([
    ['+1 (202) 555-0123', '+12025550123'],
    ['+12025550123', '+12025550123'],
    [' +49.30.1234567 ', '+49301234567'],
    ['+49 30/1234567', '+49301234567'],
    ['+1 202–555–0123', '+12025550123'],
    ['+44 (0)20 7946 0958', '+442079460958'],
    ['0044 (0)20 7946 0958', '+442079460958'],
    ['0049301234567', '+49301234567'],
    ['(202) 555-0123', '2025550123'],
    ['(0)20 7946 0958', '02079460958'],
    ['tel:+1-201-555-0123', '+12015550123'],
    ['TEL:+12015550123;ext=42', '+12015550123'],
    ['+1 202 555 0123 ext. 42', '+12025550123'],
    ['+1 202 555 0123 extension 42', '+12025550123'],
    ['+1 202 555 0123 x42', '+12025550123'],
    ['+1 202 555 0123 #42', '+12025550123'],
    ['+12025550123,,987654321#', '+12025550123'],
    ['12345', '12345'],
    ['+12345678901234567', '+12345678901234567'],
  ])('reads %s as %s', (phone, expected) => {
    expect(normalisePhone(phone)).toBe(expected);
  });

  it.each([
    null,
    '',
    '   ',
    '1234',
    '123456789012345678',
    'anonymous',
    'Room 40412',
    '1-800-FLOWERS',
    'sip:12025550123@198.51.100.7',
    'ann@acme.example',
    '+',
    'ext. 12345',
  ])('reads %j as no phone number', (phone) => {
    expect(normalisePhone(phone)).toBeNull();
  });

  it('is stable: what it has read it reads as the same again', () => {
    const dialled = fc.string({
      unit: fc.constantFrom(...'0123456789+-() x'.split('')),
      maxLength: 20,
    });
    fc.assert(
      fc.property(dialled, (phone) => {
        const once = normalisePhone(phone);
        expect(normalisePhone(once)).toBe(once);
      }),
    );
  });
});

describe('cleanParticipants', () => {
  it('puts a person into one form', () => {
    const raw = person({
      id: 'speaker-1',
      name: '  Ann Lee ',
      email: ' Ann.Lee@Acme.Example ',
      phone: '+1 (202) 555-0123',
      role: 'external',
      attended: true,
    });

    expect(cleanParticipants([raw])).toStrictEqual([
      {
        id: 'speaker-1',
        name: 'Ann Lee',
        email: 'ann.lee@acme.example',
        phone: '+12025550123',
        role: 'external',
        attended: true,
      },
    ]);
  });

  it.each(['', '  ', 'ann', 'ann@', '@acme.example', 'ann lee@acme.example', 'a@b@c'])(
    'keeps a person whose e-mail is %j, without it',
    (email) => {
      expect(cleanParticipants([person({ name: 'Ann', email })])).toEqual([
        person({ name: 'Ann' }),
      ]);
    },
  );

  it('has no name for a blank one', () => {
    expect(cleanParticipants([person({ name: '  ', phone: '12345' })])).toEqual([
      person({ phone: '12345' }),
    ]);
  });

  it('leaves bots out, also those with blanks around their names', () => {
    const people = [
      person({ name: ' Fireflies.ai Notetaker ' }),
      person({ name: 'Ann' }),
      person({ email: ' Fred@Fireflies.ai ' }),
    ];

    expect(cleanParticipants(people)).toEqual([person({ name: 'Ann' })]);
  });

  it('keeps everybody in the order in which they first appeared', () => {
    const people = [person({ name: 'Cy' }), person({ name: 'Ann' }), person({ name: 'Cy' })];

    expect(cleanParticipants(people).map((one) => one.name)).toEqual(['Cy', 'Ann']);
  });

  it.each([
    [
      'the same e-mail in other letters',
      [person({ email: 'Ann@acme.example' }), person({ email: 'ann@ACME.example', name: 'Ann' })],
      [person({ email: 'ann@acme.example', name: 'Ann' })],
    ],
    [
      'the same number written otherwise',
      [person({ phone: '+1 202 555 0123' }), person({ phone: '+1-202-555-0123', name: 'Ann' })],
      [person({ phone: '+12025550123', name: 'Ann' })],
    ],
    [
      'the same number, one entry with an e-mail',
      [
        person({ email: 'ann@acme.example', phone: '+12025550123' }),
        person({ phone: '+12025550123', name: 'Ann' }),
      ],
      [person({ email: 'ann@acme.example', phone: '+12025550123', name: 'Ann' })],
    ],
    [
      'the same number, the e-mail in the later entry, and that e-mail once more',
      [
        person({ phone: '+12025550123', name: 'Ann' }),
        person({ email: 'ann@acme.example', phone: '+12025550123' }),
        person({ email: 'ann@acme.example', attended: true }),
      ],
      [
        person({
          email: 'ann@acme.example',
          phone: '+12025550123',
          name: 'Ann',
          attended: true,
        }),
      ],
    ],
    [
      'a number alone on a shared line: the first there',
      [
        person({ email: 'ann@acme.example', phone: '+12025550123' }),
        person({ email: 'bob@acme.example', phone: '+12025550123' }),
        person({ phone: '+12025550123', attended: true }),
      ],
      [
        person({ email: 'ann@acme.example', phone: '+12025550123', attended: true }),
        person({ email: 'bob@acme.example', phone: '+12025550123' }),
      ],
    ],
    [
      'the same name, where neither can be reached',
      [person({ name: 'Ann Lee', id: 's1' }), person({ name: 'ann lee', attended: true })],
      [person({ name: 'Ann Lee', id: 's1', attended: true })],
    ],
  ])('takes two entries for one person by %s', (_name, people, expected) => {
    expect(cleanParticipants(people)).toEqual(expected);
  });

  it.each([
    [
      'two e-mails on a shared line',
      [
        person({ email: 'ann@acme.example', phone: '+12025550123' }),
        person({ email: 'bob@acme.example', phone: '+12025550123' }),
      ],
    ],
    [
      'two people of one name with e-mails',
      [
        person({ name: 'Ann Lee', email: 'ann@acme.example' }),
        person({ name: 'Ann Lee', email: 'ann@other.example' }),
      ],
    ],
    [
      'a name alone beside the same name with an e-mail',
      [person({ name: 'Ann Lee', email: 'ann@acme.example' }), person({ name: 'Ann Lee' })],
    ],
    ['two people of whom nothing is known', [person({ id: 's1' }), person({ id: 's2' })]],
    [
      'a name that reads like the other’s address',
      [person({ name: 'ann@acme.example' }), person({ email: 'ann@acme.example' })],
    ],
  ])('keeps %s apart', (_name, people) => {
    expect(cleanParticipants(people)).toEqual(people);
  });

  it('keeps what the first entry knew and adds what only the second knows', () => {
    const first = person({
      id: 's1',
      name: 'Ann',
      email: 'ann@acme.example',
      role: 'internal',
    });
    const second = person({
      id: 's2',
      name: 'Ann Lee',
      email: 'ann@acme.example',
      phone: '+12025550123',
      role: 'external',
    });

    expect(cleanParticipants([first, second])).toEqual([
      person({
        id: 's1',
        name: 'Ann',
        email: 'ann@acme.example',
        phone: '+12025550123',
        role: 'internal',
      }),
    ]);
    expect(
      cleanParticipants([person({ email: 'ann@acme.example' }), { ...second, id: 's2' }]),
    ).toEqual([second]);
  });

  it.each([
    [true, false, true],
    [true, null, true],
    [false, true, true],
    [null, true, true],
    [false, false, false],
    [false, null, false],
    [null, false, false],
    [null, null, null],
  ])('attended: %j and %j make %j', (first, second, expected) => {
    const people = [first, second].map((attended) => person({ name: 'Ann', attended }));

    expect(cleanParticipants(people)).toEqual([person({ name: 'Ann', attended: expected })]);
  });

  it('lists no e-mail twice, no bot, and nobody who was not there', () => {
    const someone = fc.record({
      id: fc.constantFrom(null, 's1', 's2'),
      name: fc.constantFrom(null, 'Ann', 'ann', 'Bob', 'Gong Bot'),
      email: fc.constantFrom(null, 'ann@acme.example', 'BOB@acme.example', 'x@otter.ai'),
      phone: fc.constantFrom(null, '+1 202 555 0123', '+12025550123', '12345'),
      role: fc.constantFrom('internal', 'external', 'unknown'),
      attended: fc.constantFrom(null, true, false),
    });
    fc.assert(
      fc.property(fc.array(someone, { maxLength: 6 }), (people) => {
        const once = cleanParticipants(people);
        const emails = once.flatMap((one) => one.email ?? []);
        expect(new Set(emails).size).toBe(emails.length);
        expect(once.some(isNotetaker)).toBe(false);
        expect(once.length).toBeLessThanOrEqual(people.length);
      }),
    );
  });
});
