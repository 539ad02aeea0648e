/** `npm test`: installs what is missing, then runs every check under the pinned Node. */
import { ensureInstalled, runWithPinnedNode } from './lib/bootstrap.mjs';

ensureInstalled();
process.exitCode = await runWithPinnedNode('scripts/lib/run-checks.mjs', process.argv.slice(2));
