import type { SourceParticipant } from '../core/imports/source-call.ts';
import { findByName } from './find-by-name.ts';

const person = (name: string | null, email: string | null): SourceParticipant => ({
  ...{ id: null, name, email, phone: null, role: 'unknown', attended: null },
});
const people = [
  person('Zoë March', null),
  person(null, 'bob.ray@us.test'),
  person('Ann Lee', 'a@us.test'),
  person('Ann Lee', 'b@us.test'),
];

describe('findByName', () => {
  it.each([
    ['zoe  MARCH', people[0]],
    ['Bob Ray', people[1]],
  ])('takes %p for one participant', (name, found) => {
    expect(findByName(people, name)).toBe(found);
  });

  it.each(['Ann Lee', 'Carl', '', ' '])('takes %p for none', (name) => {
    expect(findByName(people, name)).toBeNull();
  });
});
