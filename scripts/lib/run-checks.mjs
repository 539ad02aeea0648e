/**
 * Runs the static checks one after another beside the tests: two cores are what to expect of a
 * build machine. A step that passes takes one line and one for each count; one that fails shows all
 * that it printed.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rootDirectory } from './bootstrap.mjs';

const scratch = mkdtempSync(path.join(tmpdir(), 'checks-'));
const resultsFile = path.join(scratch, 'jest.json');

/** Threads of the compiler each check a part and repeat what the parts share: one costs the least. */
const compile = (project) => ({
  program: 'typescript7/bin/tsc',
  args: ['--singleThreaded', '-p', project],
});

/** Programs are in node_modules. */
const staticSteps = [
  { name: 'format', program: '.bin/prettier', args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'typecheck', ...compile('functions/tsconfig.json') },
  { name: 'build', ...compile('functions/tsconfig.build.json') },
  { name: 'lint', program: '.bin/eslint', args: ['--max-warnings', '0', '.'] },
  {
    name: 'import graph',
    program: '.bin/depcruise',
    args: ['--config', '.dependency-cruiser.mjs', 'functions', 'scripts'],
  },
  { name: 'unused code', program: '.bin/knip', args: ['--no-progress', '--no-config-hints'] },
  { name: 'duplication', program: '.bin/jscpd', args: ['--noTips', '.'] },
];
/** Many tests wait for sockets and timers: more of them than cores keep the cores busy. */
const testStep = {
  name: 'tests',
  program: '.bin/jest',
  args: ['--coverage', '--maxWorkers=4', '--json', `--outputFile=${resultsFile}`],
};

try {
  const [staticResults, testsPassed] = await Promise.all([runAll(staticSteps), run(testStep)]);
  const summary = readSummary();
  console.log(summary.line);
  const passed = testsPassed && summary.executed > 0 && staticResults.every(Boolean);
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function runAll(steps) {
  const results = [];
  for (const step of steps) results.push(await run(step));
  return results;
}

async function run({ name, program, args }) {
  const startedAt = performance.now();
  const { code, output } = await capture(path.join(rootDirectory, 'node_modules', program), args);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const passed = code === 0;
  console.log(`${passed ? '✔' : '✘'} ${name} (${seconds} s)`);
  // What a check counted is worth a line even when all is well.
  const counts = output.match(/^Counted: .*$/gm) ?? [];
  for (const line of passed ? counts : [output.trimEnd()]) console.log(line);
  return passed;
}

function capture(file, args) {
  return new Promise((resolve) => {
    const chunks = [];
    const child = spawn(process.execPath, [file, ...args], {
      cwd: rootDirectory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  });
}

/** Jest's own numbers; a file that could not even be loaded counts as one failed test. */
function readSummary() {
  let results;
  try {
    results = JSON.parse(readFileSync(resultsFile, 'utf8'));
  } catch {
    // Jest stopped before it ran anything, and has said why above.
    return { line: '0 passed, 0 failed', executed: 0 };
  }
  const passed = results.numPassedTests;
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests + results.numTodoTests;
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return { line, executed: passed + failed };
}
