import { sampleCall, sampleMetadata, samplePerson as person } from '../testing/sample-records.ts';
import { Engagement } from './engagement.ts';
import type { Directory } from './match-participants.ts';
import { toEngagement } from './to-engagement.ts';

const importedAt = new Date('2026-03-02T12:00:00Z');
const media = {
  key: 'customers/customer-1/calls/call-1/media.mp3',
  contentType: 'audio/mpeg',
  sizeBytes: 100_000,
  sha256: 'aa',
  crc32c: 'bb',
};

/** Ann and Bob of Acme, for customer 1 only. */
const directory: Directory = {
  findCompanies: async (customerId) =>
    customerId === 'customer-1' ? [{ id: 'acme', domains: ['acme.example'] }] : [],
  findContacts: async (customerId) =>
    customerId === 'customer-1'
      ? [
          { id: 'ann', emails: ['ann@acme.example'], phones: [], companyId: 'acme' },
          { id: 'bob', emails: ['bob@acme.example'], phones: [], companyId: 'acme' },
        ]
      : [],
};

function transcriptOf(...texts: readonly string[]) {
  const segments = texts.map((text, index) => ({
    speakerId: 'speaker-1',
    startMs: index * 1000,
    endMs: index * 1000 + 900,
    text,
  }));
  return {
    key: 'customers/customer-1/calls/call-1/transcript.json',
    sourceKey: 'customers/customer-1/calls/call-1/transcript.source.json',
    transcript: { language: 'en', speakers: [], segments },
  };
}

const found = {
  call: sampleCall('downloading'),
  metadata: sampleMetadata,
  media,
  transcript: null,
  origin: 'platform',
  importedAt,
} as const;

const previewOf = async (...texts: readonly string[]) => {
  const engagement = await toEngagement(directory, {
    ...found,
    transcript: transcriptOf(...texts),
  });
  return engagement.transcript?.preview;
};

describe('toEngagement', () => {
  it('is the whole record of a call, under the call’s key', async () => {
    const metadata = {
      ...sampleMetadata,
      summary: 'They renew.',
      participants: [
        person({ id: 'speaker-1', name: 'Ann', email: 'Ann@acme.example', role: 'external' }),
        person({ name: 'Bob', email: 'bob@acme.example', role: 'external' }),
        person({ name: 'Fireflies.ai Notetaker' }),
        person({ name: 'Cy', role: 'internal' }),
      ],
    };
    const transcript = transcriptOf('Hello Ann.', 'Hello!');

    const engagement = await toEngagement(directory, { ...found, metadata, transcript });

    expect(engagement).toStrictEqual({
      id: 'call-1',
      customerId: 'customer-1',
      title: 'Renewal with Acme',
      startedAt: new Date('2026-02-27T15:00:00Z'),
      durationSeconds: 1800,
      direction: 'outbound',
      summary: 'They renew.',
      sourceUrl: 'https://app.gong.example/call?id=7742',
      participants: [
        {
          name: 'Ann',
          email: 'ann@acme.example',
          phone: null,
          role: 'external',
          attended: null,
          speakerId: 'speaker-1',
          contactId: 'ann',
          companyId: 'acme',
        },
        {
          name: 'Bob',
          email: 'bob@acme.example',
          phone: null,
          role: 'external',
          attended: null,
          speakerId: null,
          contactId: 'bob',
          companyId: 'acme',
        },
        {
          name: 'Cy',
          email: null,
          phone: null,
          role: 'internal',
          attended: null,
          speakerId: null,
          contactId: null,
          companyId: null,
        },
      ],
      companyIds: ['acme'],
      contactIds: ['ann', 'bob'],
      media,
      transcript: {
        key: 'customers/customer-1/calls/call-1/transcript.json',
        sourceKey: 'customers/customer-1/calls/call-1/transcript.source.json',
        origin: 'platform',
        segmentCount: 2,
        preview: 'Hello Ann. Hello!',
      },
      importSource: 'gong',
      importedAt,
      sourceCallId: '7742',
      importBatchId: 'job-1',
      metadataQuality: 'full',
    });
    expect(Engagement.safeParse(engagement).success).toBe(true);
  });

  it('goes by what was found out last, not by what the listing had said', async () => {
    const call = sampleCall('downloading', {
      metadata: { ...sampleMetadata, title: 'As listed' },
      media: null,
    });

    const engagement = await toEngagement(directory, { ...found, call });

    expect(engagement).toMatchObject({ title: 'Renewal with Acme', media });
  });

  it('is a record, too, of a call of which nothing is known', async () => {
    const metadata = {
      title: null,
      startedAt: null,
      durationSeconds: null,
      participants: [],
      sourceUrl: null,
      direction: null,
      mediaKind: null,
      summary: null,
    };

    const engagement = await toEngagement(directory, { ...found, metadata, media: null });

    expect(engagement).toMatchObject({
      title: null,
      startedAt: null,
      durationSeconds: null,
      participants: [],
      companyIds: [],
      contactIds: [],
      media: null,
      transcript: null,
      metadataQuality: 'minimal',
    });
    expect(Engagement.safeParse(engagement).success).toBe(true);
  });

  it('says when the words come from speech recognition, and when there were none', async () => {
    const engagement = await toEngagement(directory, {
      ...found,
      transcript: transcriptOf(),
      origin: 'speech',
    });

    expect(engagement.transcript).toMatchObject({ origin: 'speech', segmentCount: 0, preview: '' });
  });

  it('judges what is known after cleaning: an address that is none makes nobody reachable', async () => {
    const participants = [person({ name: 'Ann', email: 'ann at acme', phone: 'unknown' })];

    const engagement = await toEngagement(directory, {
      ...found,
      metadata: { ...sampleMetadata, participants },
    });

    expect(engagement.metadataQuality).toBe('partial');
  });
});

describe('the preview', () => {
  const ninety = 'a'.repeat(90);

  it.each<[string, readonly string[], string]>([
    ['joins segments without their blanks', [' Hello ', 'Ann. '], 'Hello Ann.'],
    ['begins after silence', ['', '  ', 'Hello'], 'Hello'],
    ['is whole up to 120 characters', [ninety, 'b'.repeat(29)], `${ninety} ${'b'.repeat(29)}`],
    ['is cut between words after that', [ninety, 'b'.repeat(30)], `${ninety}…`],
    [
      'is cut at the last word that fits',
      [`${ninety} ${'b'.repeat(20)} ${'c'.repeat(40)}`],
      `${ninety} ${'b'.repeat(20)}…`,
    ],
    ['is cut within a word that fills it', ['a'.repeat(500)], `${'a'.repeat(120)}…`],
    ['is cut anywhere in a text without blanks', ['会'.repeat(200)], `${'会'.repeat(120)}…`],
    ['is never cut within a character', [`a${'😀'.repeat(100)}`], `a${'😀'.repeat(59)}…`],
  ])('%s', async (_name, texts, expected) => {
    expect(await previewOf(...texts)).toBe(expected);
  });
});
