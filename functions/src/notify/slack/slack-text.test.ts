import { cutText, toSlackDate, toSlackLink, toSlackText } from './slack-text.ts';

describe('toSlackText', () => {
  it.each([
    ['<!channel> R&D <@U1>', '&lt;!channel&gt; R&amp;D &lt;@U1&gt;'],
    ['&lt;', '&amp;lt;'],
    ['one\n*two*\r\n\u2028three\tfour\u0000', 'one *two* three four'],
    ['lone \ud83d surrogate', 'lone \ufffd surrogate'],
    ['  ', ''],
  ])('writes %j as %j', (value, text) => {
    expect(toSlackText(value, 100)).toBe(text);
  });

  it('cuts before it escapes, so that no escape is cut in two', () => {
    expect(toSlackText('&&&&&', 3)).toBe('&amp;&amp;…');
  });
});

describe('cutText', () => {
  it.each([
    ['four', 4, 'four'],
    ['fives', 4, 'fiv…'],
    ['👩‍🚀👍👍👍', 3, '👩‍…'],
    ['👍👍👍👍', 3, '👍👍…'],
  ])('cuts %s to %i code points', (text, max, expected) => {
    expect(cutText(text, max)).toBe(expected);
  });
});

describe('toSlackLink', () => {
  it.each([
    ['https://app.test/jobs/1', '<https://app.test/jobs/1|Open>'],
    ['https://app.test/?a=1&b=2|3>4', '<https://app.test/?a=1&amp;b=2%7C3%3E4|Open>'],
    ['javascript:alert(1)', null],
    ['!channel', null],
    [`https://app.test/${'x'.repeat(2000)}`, null],
  ])('makes %s the link %s', (url, link) => {
    expect(toSlackLink(url, 'Open')).toBe(link);
  });
});

it('writes an instant for the zone of the reader, and in UTC for other programs', () => {
  expect(toSlackDate(new Date('2026-01-05T20:00:30.500Z'))).toBe(
    '<!date^1767643230^{date_short_pretty} {time}|2026-01-05 20:00 UTC>',
  );
});
