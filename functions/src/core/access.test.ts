import { roles, toCaller } from './access.ts';

describe('toCaller', () => {
  it.each(roles)('lets %s in', (role) => {
    expect(toCaller({ id: 'user-1', email: 'ann@example.com', role })).toStrictEqual({
      id: 'user-1',
      email: 'ann@example.com',
      role,
    });
  });

  it('lets somebody without an e-mail in', () => {
    expect(toCaller({ id: 'robot', email: null, role: 'admin' })).toStrictEqual({
      id: 'robot',
      email: null,
      role: 'admin',
    });
  });

  it.each([null, '', 'Admin', 'admin ', 'administrator', 'user', 'constructor', '0'])(
    'keeps the role %j out',
    (role) => {
      expect(toCaller({ id: 'user-1', email: 'ann@example.com', role })).toBeNull();
    },
  );

  it('knows two roles', () => {
    expect(roles).toEqual(['support', 'admin']);
  });
});
