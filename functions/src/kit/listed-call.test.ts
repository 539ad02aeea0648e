import { addByEmail, toListedCall, toPerson } from './listed-call.ts';

const startedAt = '2026-03-02T13:00:00+01:00';

describe('toListedCall', () => {
  it('keeps what is known of a call', () => {
    const ann = toPerson({ name: 'Ann Lee' });
    const known = {
      title: 'Demo',
      durationSeconds: 1.5,
      sourceUrl: 'https://acme.example/c1',
      direction: 'inbound',
      mediaKind: 'audio',
      summary: 'They agreed.',
    } as const;
    expect(
      toListedCall({
        ...known,
        ...{ id: 'c1', startedAt, participants: [ann], note: 'late', skip: 'filtered' },
      }),
    ).toEqual({
      sourceCallId: 'c1',
      metadata: { ...known, startedAt: new Date('2026-03-02T12:00:00Z'), participants: [ann] },
      hint: '{"note":"late"}',
      skip: 'filtered',
    });
  });

  it.each([9e15, 'yesterday', Number.NaN])('knows no start of %s', (start) => {
    const { metadata } = toListedCall({ id: 'c1', startedAt: start, endedAt: startedAt });
    expect(metadata).toMatchObject({ startedAt: null, durationSeconds: null });
  });

  it('takes what is left out, null or empty for unknown', () => {
    const unknown = {
      sourceCallId: 'c1',
      metadata: {
        ...{ title: null, startedAt: null, durationSeconds: null, participants: [] },
        ...{ sourceUrl: null, direction: null, mediaKind: null, summary: null },
      },
    };
    expect(toListedCall({ id: 'c1' })).toStrictEqual(unknown);
    expect(
      toListedCall({ id: 'c1', title: '', startedAt: null, sourceUrl: undefined, skip: null }),
    ).toStrictEqual(unknown);
  });

  it.each([
    ['an ISO text', '2026-03-02T12:00:00Z'],
    ['milliseconds', 1_772_452_800_000],
    ['a date', new Date('2026-03-02T12:00:00Z')],
  ])('begins by %s', (_what, instant) => {
    const { metadata } = toListedCall({ id: 'c1', startedAt: instant });
    expect(metadata.startedAt).toEqual(new Date('2026-03-02T12:00:00Z'));
  });

  it.each([
    ['the length that is given', { durationSeconds: 0, endedAt: '2026-03-02T12:00:30Z' }, 0],
    ['its end where none is given', { endedAt: '2026-03-02T12:00:30.5Z' }, 30.5],
    ['nothing where it ends before it begins', { endedAt: '2026-03-02T11:59:59Z' }, null],
    ['nothing where its start is unknown', { startedAt: null, endedAt: startedAt }, null],
  ])('lasts by %s', (_what, changes, seconds) => {
    const { metadata } = toListedCall({ id: 'c1', startedAt, ...changes });
    expect(metadata.durationSeconds).toBe(seconds);
  });
});

describe('toPerson', () => {
  it('takes what is left out, null or empty for unknown', () => {
    const unknown = { id: null, name: null, email: null, phone: null, role: 'unknown' };
    expect(toPerson({ id: null, name: '', email: undefined, role: null })).toEqual({
      ...{ ...unknown, attended: null },
    });
    const ann = {
      id: 'p1',
      name: 'Ann Lee',
      email: 'ann@us.test',
      phone: '+14155550142',
      role: 'internal',
      attended: false,
    } as const;
    expect(toPerson(ann)).toEqual(ann);
  });
});

describe('addByEmail', () => {
  it('adds each address once, whatever its case, and nobody without one', () => {
    const ann = toPerson({ name: 'Ann Lee', email: 'ann@us.test' });
    const guest = toPerson({ name: 'Guest' });
    const others = ['ANN@us.test', 'bob@acme.test', 'Bob@acme.test', ''];
    expect(
      addByEmail(
        [ann, guest],
        others.map((email) => toPerson({ email })),
      ),
    ).toEqual([ann, guest, toPerson({ email: 'bob@acme.test' })]);
  });
});
