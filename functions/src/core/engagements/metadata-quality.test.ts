import { metadataQualities, toMetadataQuality, type MetadataQuality } from './metadata-quality.ts';

const nobody = { name: null, email: null, phone: null };
const named = { ...nobody, name: 'Ann' };
const mailed = { ...nobody, email: 'ann@acme.example' };
const dialled = { ...nobody, phone: '+12025550123' };
const startedAt = new Date('2026-03-02T09:00:00Z');

type Person = typeof nobody | typeof named | typeof mailed | typeof dialled;
type Row = readonly [
  title: string | null,
  isStarted: boolean,
  durationSeconds: number | null,
  participants: readonly Person[],
  expected: MetadataQuality,
];

const rows: readonly Row[] = [
  ['Renewal', true, 60, [mailed], 'full'],
  ['Renewal', true, 60, [dialled], 'full'],
  ['Renewal', true, 60, [nobody, named, mailed], 'full'],
  // A call of no length has a known length.
  ['Renewal', true, 0, [mailed], 'full'],
  ['Renewal', true, 60, [named], 'partial'],
  ['Renewal', true, 60, [nobody], 'partial'],
  ['Renewal', true, 60, [], 'partial'],
  ['Renewal', true, null, [mailed], 'partial'],
  ['Renewal', true, null, [named], 'partial'],
  ['Renewal', true, null, [nobody], 'minimal'],
  ['Renewal', true, null, [], 'minimal'],
  [null, true, 60, [mailed], 'partial'],
  ['', true, 60, [mailed], 'partial'],
  [null, true, 60, [], 'partial'],
  [null, true, null, [dialled], 'partial'],
  [null, true, null, [named], 'partial'],
  [null, true, null, [], 'minimal'],
  ['Renewal', false, 60, [mailed], 'minimal'],
  ['Renewal', false, 60, [named], 'minimal'],
  ['Renewal', false, null, [], 'minimal'],
  [null, false, null, [], 'minimal'],
];

describe('toMetadataQuality', () => {
  it.each(rows)(
    'with title %j, start %j, duration %j and people %j is %s',
    (title, isStarted, durationSeconds, participants, expected) => {
      expect(
        toMetadataQuality({
          title,
          startedAt: isStarted ? startedAt : null,
          durationSeconds,
          participants,
        }),
      ).toBe(expected);
    },
  );

  it('has no other answer than the three', () => {
    expect(metadataQualities).toEqual(['full', 'partial', 'minimal']);
  });
});
