import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const root = path.resolve(import.meta.dirname, '../../..');

const Report = z.record(
  z.string(),
  z.array(z.object({ ruleId: z.string().nullable(), line: z.number() })),
);

/** What is linted in place of a file's own text: the TODO and the switched-off rule are to be found. */
const texts = {
  'functions/src/core/errors.ts': `import { env } from 'node:process';
export { z } from 'zod';
export default function unnamed(a: number, b: number, c: number, d: number) { return [a, b, c, d, env]; }
export function undocumented() { return new Date(); }
/** Documented. */
export const documented = () => Date.now() + Math.random() + performance.now();
const fromTime = new Date(0); // a fixed time is no hidden input
const loose: any = JSON.parse('{}');
export const list = [fromTime, loose as string];
// Proven: the parser above only yields strings.
export const proven = loose as string;
export const fixed = 'x' as const;
export const first = list[0]!;
console.log(process.env['HOME']);
Promise.resolve(1);
void fetch('https://api.example');
// TODO later
/* eslint-disable no-console */
`,
  'functions/src/core/ports.ts': `type Platform = 'gong' | 'grain' | 'five9';
/** Decides. */
export function decide(job: { platform: Platform }, platform: Platform, other: Platform) {
  if (job.platform === 'gong') return 1;
  if ('gong' !== platform) return 2;
  switch (job.platform) {
    case 'grain':
      return 3;
  }
  return platform === other ? 4 : 5;
}
`,
};

/** All in one process, as reading the types takes seconds. */
const lintTexts = `
import { ESLint } from 'eslint';
const eslint = new ESLint();
const report = {};
for (const [filePath, text] of Object.entries(JSON.parse(process.argv[1]))) {
  const [{ messages }] = await eslint.lintText(text, { filePath });
  report[filePath] = messages;
}
console.log(JSON.stringify(report));
`;

describe('the lint rules', () => {
  /** By file: `line rule`, in the text's order. */
  const problems: Record<string, string[]> = {};

  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', lintTexts, JSON.stringify(texts)],
      // Otherwise the parser reads the file on the disk, not the text.
      { cwd: root, env: { ...process.env, TSESTREE_SINGLE_RUN: 'false' } },
    );
    for (const [file, messages] of Object.entries(Report.parse(JSON.parse(stdout)))) {
      problems[file] = messages.map(
        ({ line, ruleId }) => `${String(line)} ${ruleId ?? 'inline configuration'}`,
      );
    }
  }, 60_000);

  it('find what the core must not do', () => {
    expect(problems['functions/src/core/errors.ts']).toEqual([
      '1 no-restricted-imports',
      '2 no-restricted-syntax',
      '3 no-restricted-syntax',
      '3 @typescript-eslint/max-params',
      '4 project/documented-export',
      '4 no-restricted-syntax',
      '6 no-restricted-syntax',
      '6 no-restricted-syntax',
      '6 no-restricted-syntax',
      '8 @typescript-eslint/no-unsafe-assignment',
      '8 @typescript-eslint/no-explicit-any',
      '9 project/proven-assertion',
      '13 @typescript-eslint/no-non-null-assertion',
      '14 no-console',
      '14 no-restricted-properties',
      '15 @typescript-eslint/no-floating-promises',
      '16 no-restricted-globals',
      '17 no-warning-comments',
      '18 inline configuration',
    ]);
  });

  it('find decisions on the name of a platform, in comparisons and in switches', () => {
    expect(problems['functions/src/core/ports.ts']).toEqual([
      '4 no-restricted-syntax',
      '5 no-restricted-syntax',
      '6 @typescript-eslint/switch-exhaustiveness-check',
      '6 no-restricted-syntax',
    ]);
  });
});
