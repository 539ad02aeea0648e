import { UsageError } from '../../../scripts/lib/usage-error.ts';
import { readOptions, usage } from '../../../scripts/start/options.ts';

describe('the command line of npm start', () => {
  it('needs nothing', () => {
    expect(readOptions([])).toEqual({
      platform: 'grain',
      calls: 25,
      seed: 1,
      faults: [],
      files: null,
      once: false,
      fresh: false,
      port: 5001,
      folder: '.local',
    });
  });

  it('takes every option', () => {
    const line = '--platform GRAIN --calls 7 --seed 3 --faults server-errors:5,late-transcripts';
    const more = '--once --fresh --port 0 --folder /tmp/x';
    expect(readOptions([...line.split(' '), ...more.split(' ')])).toEqual({
      platform: 'grain',
      calls: 7,
      seed: 3,
      faults: ['server-errors:5', 'late-transcripts'],
      files: null,
      once: true,
      fresh: true,
      port: 0,
      folder: '/tmp/x',
    });
  });

  it('takes a folder of files with the platform manual', () => {
    expect(readOptions(['--platform', 'manual', '--files', 'calls'])).toMatchObject({
      platform: 'manual',
      files: 'calls',
    });
  });

  it('answers null when help is asked for, whatever else is wrong', () => {
    expect(readOptions(['--help', '--calls', 'many'])).toBeNull();
    expect(usage).toContain('--platform <name>   manual, ');
  });

  it.each([
    [['--platform', 'hubspot'], 'There is no sandbox for "hubspot".'],
    [['--platform', ''], 'There is no sandbox for "".'],
    [['--platform', 'toString'], 'There is no sandbox for "toString".'],
    [['--platform', 'manual'], '--platform manual needs --files <folder with recordings>.'],
    [['--files', 'x'], '--files goes with --platform manual.'],
    [['--calls', '-1'], /--calls/],
    [['--calls', '1e3'], '--calls takes a whole number up to 100000, not "1e3".'],
    [['--calls', '100001'], '--calls takes a whole number up to 100000, not "100001".'],
    [['--port', '65536'], '--port takes a whole number up to 65535, not "65536".'],
    [['--seed', ''], '--seed takes a whole number up to 2147483648, not "".'],
    [['--colour'], /Unknown option '--colour'/],
    [['grain'], /Unexpected argument 'grain'/],
    [['--calls'], /argument missing/],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });
});
