import { toCsvLine } from './csv.ts';

describe('a line of CSV', () => {
  it('has its fields in order, an unknown one empty', () => {
    expect(toCsvLine(['a', null, 201, 'b c'])).toBe('a,,201,b c\r\n');
  });

  it('quotes what would end a field or a line', () => {
    expect(toCsvLine(['a,b', 'say "no"', 'two\nlines'])).toBe(
      '"a,b","say ""no""","two\nlines"\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x";"y")'])(
    'disarms %j, which a spreadsheet would run',
    (text) => {
      expect(toCsvLine([text])).toMatch(/^"?'/);
    },
  );

  it('leaves numbers, e-mails and ids as they are', () => {
    expect(toCsvLine([-1, 'ann+x@acme.example', 'imports/a1'])).toBe(
      '-1,ann+x@acme.example,imports/a1\r\n',
    );
  });
});
