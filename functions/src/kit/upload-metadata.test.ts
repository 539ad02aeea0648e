import { ImportError } from '../core/errors.ts';
import { parseUploadDate } from './upload-metadata-date.ts';
import { parsePeople } from './upload-metadata-people.ts';
import { parseUploadMetadata, requireUploadRows } from './upload-metadata.ts';

const person = (said: object) => ({
  ...{ id: null, name: null, email: null, phone: null, role: 'unknown', attended: null },
  ...said,
});
const ann = person({ name: 'Ann', email: 'ann@acme.test' });
const bob = person({ name: 'Bob' });

describe('metadata of uploads as CSV', () => {
  const expected = [
    {
      file: 'a.mp3',
      title: 'Demo, part one',
      startedAt: new Date('2025-03-31T12:05:00Z'),
      participants: [ann, bob],
    },
    { file: 'b.wav', title: null, startedAt: null, participants: [] },
  ];

  it.each([
    [
      'commas',
      'file,title,date,participants\na.mp3,"Demo, part one",2025-03-31T14:05:00+02:00,Ann <ann@acme.test>; Bob\nb.wav,,,\n',
    ],
    [
      'semicolons, a byte order mark and CRLF',
      '\uFEFFFile;Title;Date;Participants\r\na.mp3;Demo, part one;2025-03-31T12:05Z;"Ann <ann@acme.test>; Bob"\r\nb.wav;;;\r\n',
    ],
    [
      'tabs',
      'file\ttitle\tdate\tparticipants\na.mp3\tDemo, part one\t2025-03-31T12:05:00Z\tAnn <ann@acme.test>; Bob\nb.wav\n',
    ],
    [
      'other words, order and blank lines',
      '\n Started At , SUBJECT,File_Name ,attendees\n\n2025-03-31T12:05:00Z,"Demo, part one", a.mp3 ,Ann <ann@acme.test>;Bob\n,,,\n,,b.wav,\n\n',
    ],
    [
      'a separator at the end of each line',
      'file;title;date;participants;\na.mp3;"Demo, part one";2025-03-31T12:05:00Z;"Ann <ann@acme.test>; Bob";\nb.wav;;;;\n',
    ],
  ])('is read with %s', (_, text) => {
    expect(parseUploadMetadata(text)).toEqual({ rows: expected, problems: [], notes: [] });
  });

  it('keeps quotes, line breaks and unicode in fields, and counts lines rightly after them', () => {
    const text = 'file,title,date\na.mp3,"Über ""Preise""\n商談",\nb.mp3,x,yesterday\n';
    const { rows, problems } = parseUploadMetadata(text);
    expect(rows).toEqual([
      { file: 'a.mp3', title: 'Über "Preise"\n商談', startedAt: null, participants: [] },
    ]);
    expect(problems).toMatchObject([{ line: 4, column: 'date', pointer: '/1/date' }]);
  });

  it('names each wrong row by line and column, and reads the others', () => {
    const text = [
      'file,title,date,participants',
      'a.mp3,x,31.03.2025,',
      'b.mp3,x,2025-02-30,',
      ',x,,',
      'c.mp3,x,,Ann <ann at acme>',
      'd.mp3,x,,',
      'd.mp3,y,,',
      'e.mp3,x,,',
      'f.mp3,x,,,surplus',
    ].join('\n');
    const { rows, problems } = parseUploadMetadata(text, {
      files: ['a.mp3', 'b.mp3', 'c.mp3', 'd.mp3', 'f.mp3'],
    });
    expect(rows.map((row) => row.file)).toEqual(['d.mp3']);
    const dates = 'write 2025-03-31, 2025-03-31 14:05 (in UTC) or 2025-03-31T14:05:00+02:00.';
    expect(problems).toEqual([
      {
        line: 9,
        pointer: '/7',
        column: null,
        message:
          'There are 5 fields and 4 columns: a field that contains the separator has to be in quotes.',
      },
      {
        line: 2,
        pointer: '/0/date',
        column: 'date',
        message: `“31.03.2025” is no date that is understood: ${dates}`,
      },
      {
        line: 3,
        pointer: '/1/date',
        column: 'date',
        message: `“2025-02-30” is no date that is understood: ${dates}`,
      },
      { line: 4, pointer: '/2/file', column: 'file', message: 'The name of a file is expected.' },
      {
        line: 5,
        pointer: '/3/participants',
        column: 'participants',
        message: 'Person 1: email: Invalid email address.',
      },
      {
        line: 7,
        pointer: '/5/file',
        column: 'file',
        message: '“d.mp3” was named before, on line 6.',
      },
      { line: 8, pointer: '/6/file', column: 'file', message: 'No file “e.mp3” was uploaded.' },
    ]);
  });

  it('names an unknown, a repeated and a missing column', () => {
    expect(parseUploadMetadata('file,length,filename\na.mp3,3,b.mp3\n').problems).toEqual([
      {
        line: 1,
        pointer: '',
        column: 'length',
        message: 'Unknown column “length”; known are file, title, date, participants.',
      },
      {
        line: 1,
        pointer: '',
        column: 'filename',
        message: '“filename” is the second column for file.',
      },
    ]);
    expect(parseUploadMetadata('title,date\nDemo,2025-01-01\n').problems).toEqual([
      {
        line: 1,
        pointer: '',
        column: 'file',
        message: 'There is no column “file”: the first line has to name the columns.',
      },
    ]);
  });

  it.each([
    ['', 'The text is empty.'],
    [
      'file,title\na.mp3,"never closed\n',
      'This is no CSV: a quotation mark is left open or stands inside a field near line 2.',
    ],
    [
      `file\n${'a.mp3\n'.repeat(10_001)}`,
      'There are more than 10,000 rows: split them into several imports.',
    ],
    [
      `file,title\na.mp3,${'x'.repeat(1024 * 1024)}`,
      'The text is longer than 1 MB: split it into several imports.',
    ],
    ['[{"file":', 'The text begins like JSON and is none.'],
  ])('says what is wrong with the whole (%#)', (text, message) => {
    expect(parseUploadMetadata(text)).toEqual({
      rows: [],
      problems: [{ line: null, pointer: '', column: null, message }],
      notes: [],
    });
  });

  it('takes 10,000 rows', () => {
    const text = `file\n${Array.from({ length: 10_000 }, (_, index) => `${String(index)}.mp3`).join('\n')}`;
    const { rows, problems } = parseUploadMetadata(text);
    expect([rows.length, problems.length]).toEqual([10_000, 0]);
  });
});

describe('metadata of uploads as JSON', () => {
  const input = [
    {
      file: 'a.mp3',
      title: 'Demo',
      date: '2025-03-31T12:05:00.250Z',
      participants: [
        { name: 'Ann', email: 'Ann@Acme.test', role: 'external' },
        { phone: '+49 30 1234567' },
      ],
    },
    { file: 'b.mp3', participants: 'Bob (internal)' },
  ];
  const rows = [
    {
      file: 'a.mp3',
      title: 'Demo',
      startedAt: new Date('2025-03-31T12:05:00.250Z'),
      participants: [
        person({ name: 'Ann', email: 'ann@acme.test', role: 'external' }),
        person({ phone: '+49 30 1234567' }),
      ],
    },
    {
      file: 'b.mp3',
      title: null,
      startedAt: null,
      participants: [person({ name: 'Bob', role: 'internal' })],
    },
  ];

  it('is read as a value and as text', () => {
    expect(parseUploadMetadata(input)).toEqual({ rows, problems: [], notes: [] });
    expect(parseUploadMetadata(`\uFEFF ${JSON.stringify(input)}`).rows).toEqual(rows);
  });

  it('points at what is wrong', () => {
    const { problems } = parseUploadMetadata([
      7,
      { file: 'a', 'le/ngth': 1 },
      { file: 'b', title: 3, date: 20250331 },
      { file: 'c', participants: [{ name: 'Ann' }, { nmae: 'Bob' }] },
      { file: 'd', participants: 9 },
      { file: 'e', participants: [{ role: 'internal' }] },
    ]);
    expect(problems.map(({ pointer, column }) => [pointer, column])).toEqual([
      ['/0', null],
      ['/1/le~1ngth', 'le/ngth'],
      ['/2/title', 'title'],
      ['/2/date', 'date'],
      ['/3/participants/1', 'participants'],
      ['/4/participants', 'participants'],
      ['/5/participants/0', 'participants'],
    ]);
  });

  it.each([null, {}, 7])('refuses %j', (value) => {
    expect(parseUploadMetadata(value).problems).toEqual([
      {
        line: null,
        pointer: '',
        column: null,
        message: 'An array of { file, title, date, participants } is expected.',
      },
    ]);
  });

  it('refuses more than 10,000 rows', () => {
    const many = Array.from({ length: 10_001 }, () => ({ file: 'a' }));
    expect(parseUploadMetadata(many).problems).toHaveLength(1);
  });
});

describe('names of files', () => {
  it('match though accents are composed otherwise, and are given as uploaded', () => {
    const uploaded = 'Gespräch.mp3'.normalize('NFD');
    const { rows } = parseUploadMetadata([{ file: 'Gespräch.mp3'.normalize('NFC') }], {
      files: [uploaded],
    });
    expect(rows.map((row) => row.file)).toEqual([uploaded]);
  });

  it('are a problem when two uploads have the same', () => {
    const { problems } = parseUploadMetadata([{ file: 'a.mp3' }], { files: ['a.mp3', 'a.mp3'] });
    expect(problems.map((problem) => problem.message)).toEqual(['2 files are called “a.mp3”.']);
  });
});

describe('dates', () => {
  it.each([
    ['2025-03-31T14:05:00+02:00', '2025-03-31T12:05:00.000Z', true],
    ['2025-03-31t14:05:00.1234567-0330', '2025-03-31T17:35:00.123Z', true],
    ['2024-02-29T23:59Z', '2024-02-29T23:59:00.000Z', true],
    ['2025-03-31', '2025-03-31T00:00:00.000Z', false],
    ['2025-03-31 14:05', '2025-03-31T14:05:00.000Z', false],
  ])('%s is understood', (text, iso, hasZone) => {
    expect(parseUploadDate(text)).toEqual({ instant: new Date(iso), hasZone });
  });

  it.each([
    '03/04/2025',
    '2025-02-29',
    '2025-13-01',
    '2025-03-31T24:30Z',
    '2025-03-31T10:00+15:00',
    '20250331',
    'today',
  ])('%s is not', (text) => {
    expect(parseUploadDate(text)).toBeNull();
  });

  it('without a zone are taken as UTC, and it is said where', () => {
    const { notes } = parseUploadMetadata(
      'file,date\na,2025-03-31\nb,2025-03-31T10:00Z\nc,2025-03-31 09:00\n',
    );
    expect(notes).toEqual(['2 dates have no time zone and were taken as UTC (line 2, line 4).']);
  });
});

describe('people', () => {
  it.each([
    ['Ann <ann@acme.test>; Bob', [ann, bob]],
    ['"Miller, Ann" <ann@acme.test>', [person({ name: 'Miller, Ann', email: 'ann@acme.test' })]],
    [
      'ann@acme.test|+1 (555) 010-0199',
      [person({ email: 'ann@acme.test' }), person({ phone: '+1 (555) 010-0199' })],
    ],
    [
      'Ann <+49 30 1234567> (Internal)',
      [person({ name: 'Ann', phone: '+49 30 1234567', role: 'internal' })],
    ],
    [' ; ', []],
    [undefined, []],
    [null, []],
  ])('%j is understood', (input, people) => {
    expect(parsePeople(input)).toEqual({ people });
  });

  it('are at most 100, and nobody is named in a problem', () => {
    expect(parsePeople('Ann;'.repeat(101))).toEqual({
      problem: 'There are more than 100 people.',
      at: null,
    });
    expect(JSON.stringify(parsePeople('Ann <secret@@acme>'))).not.toContain('secret');
  });
});

describe('requiring rows', () => {
  it('gives them when nothing is wrong', () => {
    expect(requireUploadRows(parseUploadMetadata('file\na.mp3\n'))).toHaveLength(1);
  });

  it('refuses all with the first problems by line and column', () => {
    const text = `file,date\n${'x,soon\n'.repeat(12)}`;
    const failing = () => requireUploadRows(parseUploadMetadata(text));
    expect(failing).toThrow(ImportError);
    expect(failing).toThrow(
      /line 2, date: “soon” is no date .*line 3, file: “x” was named before, on line 2\..*And 13 more\.$/,
    );
  });
});
