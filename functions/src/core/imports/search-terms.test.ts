import { sampleMetadata, samplePerson } from '../testing/sample-records.ts';
import { readReference, toSearchTerms } from './search-terms.ts';

const nothing = { ...sampleMetadata, title: null, sourceUrl: null, participants: [] };

describe('toSearchTerms', () => {
  it('are the link, the words of the title, and each person’s address and number', () => {
    const terms = toSearchTerms({
      ...sampleMetadata,
      title: 'Renewal: Müller & Söhne, renewal 2026',
      sourceUrl: 'https://www.app.gong.example/call?id=7742#t=3',
      participants: [
        samplePerson({ email: ' Ann@Acme.example ', phone: '+1 (555) 010-0123' }),
        samplePerson({ name: 'Bob', phone: 'unknown' }),
        samplePerson({ email: 'ann@acme.example' }),
      ],
    });
    expect(terms).toEqual([
      'url app.gong.example/call?id=7742',
      'word renewal',
      'word muller',
      'word sohne',
      'word 2026',
      'email ann@acme.example',
      'phone 50100123',
    ]);
  });

  it('are none for a call of which nothing is known', () => {
    expect(toSearchTerms(nothing)).toEqual([]);
    expect(toSearchTerms({ ...nothing, title: ' – ', sourceUrl: 'not a link' })).toEqual([]);
  });

  it('stay few and short, whatever the call', () => {
    const participants = Array.from({ length: 100 }, (_, index) =>
      samplePerson({ email: `person-${index}@acme.example` }),
    );
    const title = `${'x'.repeat(2000)} ${Array.from({ length: 100 }, (_, index) => `w${index}`).join(' ')}`;
    const sourceUrl = `https://acme.example/${'y'.repeat(2000)}`;
    const terms = toSearchTerms({ ...sampleMetadata, title, sourceUrl, participants });
    expect(terms).toHaveLength(40);
    expect(terms.filter((term) => term.startsWith('word '))).toHaveLength(12);
    expect(Math.max(...terms.map((term) => term.length))).toBe(300);
  });
});

describe('readReference', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    [' 7782342274025937895 ', ['7782342274025937895'], ['word 7782342274025937895']],
    ['Müller renewal', ['Müller renewal'], ['word muller', 'word renewal']],
    ['Ann@Acme.example', ['Ann@Acme.example'], ['email ann@acme.example']],
    ['(555) 010-0123', ['(555) 010-0123'], ['phone 50100123']],
    [
      'https://app.gong.example/call?id=7742&autoplay=1',
      ['7742', '1', 'call'],
      ['url app.gong.example/call?id=7742&autoplay=1'],
    ],
    [
      'HTTPS://grain.example/share/recording/a%20b/',
      ['a b', 'recording', 'share'],
      ['url grain.example/share/recording/a%20b'],
    ],
    ['https://acme.example/100%/7', ['7', '100%'], ['url acme.example/100%/7']],
    ['https://', ['https://'], ['word https']],
    ['?!', ['?!'], []],
  ])('takes "%s" for what it is', (text, sourceCallIds, terms) => {
    expect(readReference(text)).toEqual({ sourceCallIds, terms });
  });

  it('finds a call by what its own metadata holds', () => {
    const participants = [samplePerson({ email: 'ann@acme.example', phone: '00 44 20 7946 0000' })];
    const terms = toSearchTerms({ ...sampleMetadata, participants });
    const references = [
      ...['https://app.gong.example/call?id=7742', 'acme RENEWAL', 'ANN@acme.example'],
      '+44 (0)20 7946 0000',
    ];
    for (const reference of references) {
      expect(terms).toEqual(expect.arrayContaining([...readReference(reference).terms]));
    }
  });

  it('takes no more ids from a link than are worth looking up', () => {
    const link = `https://acme.example/${Array.from({ length: 50 }, (_, index) => index).join('/')}`;
    expect(readReference(link).sourceCallIds).toEqual([
      ...['49', '48', '47', '46', '45', '44', '43', '42'],
    ]);
  });
});
