import { Participant } from './engagement.ts';

const participant = {
  name: 'Ann',
  email: null,
  phone: null,
  role: 'external',
  attended: null,
  speakerId: null,
  contactId: null,
  companyId: null,
};

describe('Participant', () => {
  it.each(['internal', 'external', 'unknown'])('is %s', (role) => {
    expect(Participant.safeParse({ ...participant, role }).success).toBe(true);
  });

  it.each([
    ['a role that we do not know', { ...participant, role: 'host' }],
    ['unknown fields left out, which are null', { name: 'Ann', role: 'external' }],
  ])('is nobody with %s', (_name, stored) => {
    expect(Participant.safeParse(stored).success).toBe(false);
  });
});
