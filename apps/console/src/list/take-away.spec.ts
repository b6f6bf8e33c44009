import { csv, ndjson, shellWord } from './take-away';

describe('what is taken away from a list', () => {
  it('is quoted where CSV needs it, and no formula to a spreadsheet', () => {
    expect(
      csv(
        ['a', 'b'],
        [
          ['x,y', 'say "hi"'],
          ['=1+1', -3],
          [null, true],
        ],
      ),
    ).toBe('a,b\r\n"x,y","say ""hi"""\r\n\'=1+1,-3\r\n,true');
  });

  it('is one JSON per line', () => {
    expect(ndjson([{ a: 1 }, 'x'])).toBe('{"a":1}\n"x"\n');
  });

  it('is a safe word of a shell', () => {
    expect(shellWord('status:failed')).toBe('status:failed');
    expect(shellWord(`duration:>30s 'x'`)).toBe(`'duration:>30s '\\''x'\\'''`);
  });
});
