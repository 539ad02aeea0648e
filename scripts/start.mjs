/** `npm start`: installs what is missing, then runs the backend on this machine under the pinned Node. */
import { ensureInstalled, runWithPinnedNode } from './lib/bootstrap.mjs';

ensureInstalled();
process.exit(await runWithPinnedNode('scripts/start/main.ts', process.argv.slice(2)));
