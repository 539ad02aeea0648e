/** `npm test`: installs what is missing, then runs every check under the pinned Node. */
import { readFileSync } from 'node:fs';
import { ensureInstalled, runWithPinnedNode } from './lib/bootstrap.mjs';

/** Many tests start the commands of this repository: they share the compile cache of `npm start`. */
const settingsFile = new URL('./lib/node-settings.json', import.meta.url);
const { compileCacheFolder } = JSON.parse(readFileSync(settingsFile, 'utf8'));

ensureInstalled();
const args = process.argv.slice(2);
process.exitCode = await runWithPinnedNode('scripts/lib/run-checks.mjs', args, {
  compileCacheFolder,
});
