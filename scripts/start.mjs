/** `npm start`: installs what is missing, then runs the backend on this machine under the pinned Node. */
import { readFileSync } from 'node:fs';
import { ensureInstalled, runWithPinnedNode } from './lib/bootstrap.mjs';

/**
 * A small young generation for V8, which by itself takes what a machine of 24 GB affords: the chunks
 * of a recording die young but wait there. One of 2 GB takes 54 MB above idle instead of 100, an
 * import of 2,500 calls 390 MB instead of 465, and about a sixth more CPU. docs/performance.md has what
 * else was tried.
 */
const flagsFile = new URL('./lib/memory-flags.json', import.meta.url);
const memoryFlags = JSON.parse(readFileSync(flagsFile, 'utf8'));

ensureInstalled();
const args = process.argv.slice(2);
process.exit(await runWithPinnedNode('scripts/start/main.ts', args, memoryFlags));
