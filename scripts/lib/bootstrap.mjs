/**
 * What the npm scripts need before anything is installed. Runs on any Node from 20 and any npm from
 * 10, so it imports nothing but Node itself.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, absolute. */
export const rootDirectory = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

const binDirectory = path.join(rootDirectory, 'node_modules', '.bin');

/** The pinned Node. Its own path, as `.bin` holds no executable of it on Windows. */
const pinnedNode = path.join(
  rootDirectory,
  'node_modules/node/bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

/**
 * Installs the dependencies when `node_modules` is missing or is not what `package-lock.json` says,
 * and ends the process with npm's exit code when that fails.
 */
export function ensureInstalled() {
  if (isInstalled()) return;
  console.error('Installing dependencies (npm ci)…');
  const { status, error } = spawnSync('npm', ['ci'], {
    cwd: rootDirectory,
    // npm ci deletes the pinned Node first: npm itself must run on the system's.
    env: { ...process.env, PATH: systemPath() },
    // stdout belongs to the command that the caller asked for.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (error) console.error(`npm could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/**
 * Runs a script of this repository under the pinned Node, with `node_modules/.bin` first in PATH,
 * and forwards signals.
 * @param {string} script relative to the repository's root
 * @param {readonly string[]} args
 * @param {{ flags?: readonly string[], compileCacheFolder?: string }} settings Node's own flags, and
 *   where it keeps what it has compiled, relative to the repository's root
 * @returns {Promise<number>} its exit code; 128 + the signal's number when a signal ended it
 */
export async function runWithPinnedNode(script, args, settings = {}) {
  const { flags = [], compileCacheFolder } = settings;
  const child = spawn(pinnedNode, [...flags, path.join(rootDirectory, script), ...args], {
    env: {
      ...(compileCacheFolder && {
        NODE_COMPILE_CACHE: path.join(rootDirectory, compileCacheFolder),
      }),
      ...process.env,
      PATH: [binDirectory, systemPath()].join(path.delimiter),
    },
    stdio: 'inherit',
  });
  const stopForwarding = forwardSignals(child);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        resolve(code ?? 128 + (constants.signals[signal] ?? 0));
      });
    });
  } finally {
    stopForwarding();
  }
}

function forwardSignals(child) {
  const forward = (signal) => {
    // Ctrl-C in a terminal reaches the child too: a second one would read as "stop at once".
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}

/**
 * Compares the lockfile with the one that npm leaves inside `node_modules` when an install has
 * finished. Optional packages are left out: which of them are installed depends on the machine.
 */
function isInstalled() {
  const installedPath = path.join(rootDirectory, 'node_modules/.package-lock.json');
  if (!existsSync(installedPath) || !existsSync(pinnedNode)) return false;
  const wanted = readPackages(path.join(rootDirectory, 'package-lock.json'));
  const installed = readPackages(installedPath);
  return Object.entries(wanted).every(
    ([location, { version, optional }]) =>
      !location.startsWith('node_modules/') ||
      optional === true ||
      installed[location]?.version === version,
  );
}

function readPackages(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
}

/** PATH without the `node_modules/.bin` folders that npm puts in front while it runs a script. */
function systemPath() {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((entry) => !entry.endsWith(path.join('node_modules', '.bin')))
    .join(path.delimiter);
}
