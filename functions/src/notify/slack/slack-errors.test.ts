import { ImportError } from '../../core/errors.ts';
import { isContentRefusal, toSlackCode, toSlackError } from './slack-errors.ts';

describe('toSlackError', () => {
  it('passes our own errors on', () => {
    const own = new ImportError({ kind: 'contract', source: 'slack', publicMessage: 'no' });
    expect(toSlackError(own)).toBe(own);
  });

  it.each([
    ['a body that was cut off', new TypeError('terminated'), 'unavailable'],
    ['a body that took too long', new DOMException('', 'TimeoutError'), 'unavailable'],
    ['a bug of ours', new RangeError('Invalid time value'), 'internal'],
  ])('calls %s %s', (_name, thrown, kind) => {
    expect(toSlackError(thrown)).toMatchObject({ source: 'slack', kind, cause: thrown });
  });

  it('waits as long as an answer of status 200 says', () => {
    const data = { ok: false, error: 'rate_limited', response_metadata: { retryAfter: 7 } };
    const thrown = Object.assign(new Error(), { code: 'slack_webapi_platform_error', data });
    expect(toSlackError(thrown)).toMatchObject({ kind: 'rate_limited', retryAfterMs: 7000 });
  });
});

it("takes nothing for Slack's word that is not one", () => {
  const data = { ok: false, error: '<html>xoxb-1</html>' };
  const thrown = Object.assign(new Error(), { code: 'slack_webapi_platform_error', data });
  expect(toSlackCode(thrown)).toBeNull();
  expect(isContentRefusal(thrown)).toBe(false);
  expect(toSlackCode(new Error('channel_not_found'))).toBeNull();
});
