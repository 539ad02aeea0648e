import { errorKinds } from '../core/errors.ts';
import { defineErrors, toErrorKind, toErrorMessage } from './define-errors.ts';

describe('toErrorKind', () => {
  it.each([
    [302, 'contract'],
    [400, 'bad_request'],
    [401, 'auth_invalid'],
    [402, 'payment_required'],
    [403, 'permission_denied'],
    [404, 'not_found'],
    [408, 'timeout'],
    [409, 'conflict'],
    [410, 'not_found'],
    [418, 'contract'],
    [422, 'bad_request'],
    [425, 'not_ready'],
    [429, 'rate_limited'],
    [500, 'unavailable'],
    [503, 'unavailable'],
    [599, 'unavailable'],
  ])('takes %d for %s by default', (status, kind) => {
    expect(toErrorKind(status, {})).toBe(kind);
  });

  it('lets a platform mean something else', () => {
    const errors = defineErrors({ byStatus: { 403: 'rate_limited', 520: 'contract' } });
    expect(toErrorKind(403, errors)).toBe('rate_limited');
    expect(toErrorKind(520, errors)).toBe('contract');
    expect(toErrorKind(401, errors)).toBe('auth_invalid');
  });
});

describe('toErrorMessage', () => {
  it.each(errorKinds)('says who of %s', (kind) => {
    const text = toErrorMessage({
      kind,
      displayName: 'Acme',
      status: 418,
      path: '/calls',
      scopes: [],
    });
    expect(text).toContain('Acme');
  });

  it('names the scopes that are missing', () => {
    const text = toErrorMessage({
      kind: 'permission_denied',
      displayName: 'Acme',
      status: 403,
      path: '/calls',
      scopes: ['calls:read', 'media:read'],
    });
    expect(text).toBe('Acme denied access: the credentials need calls:read, media:read.');
  });
});
