import { samplePerson as person } from '../testing/sample-records.ts';
import { cleanParticipants, toMergedIds } from './clean-participants.ts';
import { joinSpeakers } from './join-speakers.ts';

const ann = person({ id: 'a1', name: 'Ann Lee', email: 'ann@acme.example' });
const annAgain = person({ id: 'a2', name: 'Ann', email: 'Ann@acme.example', phone: '+1 555 0100' });
const annByPhone = person({ id: 'a3', name: null, email: null, phone: '+15550100' });
const bob = person({ id: 'b1', name: 'Bob Ray', email: 'bob@us.example' });
const bot = person({ id: 'n1', name: 'Otter.ai', email: null });

const segment = (speakerId: string, startMs: number) => ({
  ...{ speakerId, startMs, endMs: startMs + 900, text: 'Hello.' },
});
const transcript = {
  language: 'en',
  speakers: [
    { id: 'a2', name: null },
    { id: 'b1', name: 'Bob Ray' },
    { id: 'a1', name: 'Ann Lee' },
  ],
  segments: [segment('a2', 0), segment('b1', 1000), segment('a1', 2000), segment('?', 3000)],
};

describe('toMergedIds', () => {
  it('knows a person who joined several times by the id that they are kept under', () => {
    const people = [ann, bob, annAgain, annByPhone, bot];
    expect(cleanParticipants(people).map(({ id }) => id)).toEqual(['a1', 'b1']);
    expect([...toMergedIds(people)]).toEqual([
      ['a2', 'a1'],
      ['a3', 'a1'],
    ]);
  });

  it('is empty where everybody came once, by one id or by none', () => {
    const unnumbered = person({ id: null, email: 'eve@us.example' });
    expect(toMergedIds([ann, bob, unnumbered, { ...unnumbered }]).size).toBe(0);
  });

  it('takes the id of whichever entry has one', () => {
    const unnumbered = { ...ann, id: null };
    expect(cleanParticipants([unnumbered, annAgain]).map(({ id }) => id)).toEqual(['a2']);
    expect(toMergedIds([unnumbered, annAgain]).size).toBe(0);
  });
});

describe('joinSpeakers', () => {
  it('lets a person who joined twice speak by one id', () => {
    expect(joinSpeakers(transcript, [ann, bob, annAgain])).toEqual({
      language: 'en',
      speakers: [
        { id: 'a1', name: 'Ann Lee' },
        { id: 'b1', name: 'Bob Ray' },
      ],
      segments: [segment('a1', 0), segment('b1', 1000), segment('a1', 2000), segment('?', 3000)],
    });
  });

  it('leaves a transcript as it is in which nobody spoke by a second id', () => {
    const alone = { ...transcript, segments: [segment('b1', 0)] };
    expect(joinSpeakers(alone, [ann, bob, annAgain])).toBe(alone);
    expect(joinSpeakers(transcript, [ann, bob])).toBe(transcript);
  });
});
