/** `npm start`: installs what is missing, then runs the backend on this machine under the pinned Node. */
import { readFileSync } from 'node:fs';
import { ensureInstalled, runWithPinnedNode } from './lib/bootstrap.mjs';

/**
 * Flags: a young generation of 8 MB; by itself V8 takes what a machine of 24 GB affords. And `gc`,
 * which the runtime calls once when it is up, and while a large recording streams through.
 * docs/performance.md has what else was tried.
 *
 * Compile cache: what Node has made of our TypeScript and of the libraries is kept for the next
 * start, which then takes a third less CPU and, without the compiler, 17 MB less memory.
 */
const settingsFile = new URL('./lib/node-settings.json', import.meta.url);
const settings = JSON.parse(readFileSync(settingsFile, 'utf8'));

ensureInstalled();
const args = process.argv.slice(2);
process.exit(await runWithPinnedNode('scripts/start/main.ts', args, settings));
