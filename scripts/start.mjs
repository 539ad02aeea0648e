/** `npm start`: installs what is missing, then runs the backend on this machine under the pinned Node. */
import { readFileSync } from 'node:fs';
import { ensureInstalled, runWithPinnedNode } from './lib/bootstrap.mjs';

/**
 * Lets V8 collect garbage sooner: it grows its heap by what the machine has, not by what is needed.
 * On 24 GB, importing 1,500 calls took 430 MB and streaming one recording 100 MB above idle, nearly
 * all of it garbage. The smallest young generation, and an old one that is collected whenever it has
 * grown by half, take 275 and 35 MB. In the cloud an instance's own memory does it.
 */
const flagsFile = new URL('./lib/memory-flags.json', import.meta.url);
const memoryFlags = JSON.parse(readFileSync(flagsFile, 'utf8'));

ensureInstalled();
const args = process.argv.slice(2);
process.exit(await runWithPinnedNode('scripts/start/main.ts', args, memoryFlags));
