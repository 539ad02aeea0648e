/**
 * Adds to package-lock.json the builds for other platforms that a mirror of the registry did not
 * serve when the lockfile was written. Without them `npm ci` refuses the lockfile everywhere:
 * https://github.com/npm/cli/issues/4828
 *
 * Such an entry has no integrity: it can only come from a registry that has the package.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rootDirectory } from './lib/bootstrap.mjs';

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];
const cLibraries = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

const lockfile = path.join(rootDirectory, 'package-lock.json');
const lock = JSON.parse(readFileSync(lockfile, 'utf8'));
const added = missingBuilds(lock.packages);
for (const [location, entry] of added) lock.packages[location] = entry;
// npm sorts the locations; the root, '', comes first.
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([left], [right]) => left.localeCompare(right, 'en')),
);
writeFileSync(lockfile, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`Added ${added.length} builds for other platforms.`);

function missingBuilds(packages) {
  return Object.entries(packages).flatMap(([parent, { optionalDependencies = {}, dev }]) =>
    Object.entries(optionalDependencies)
      .filter(
        ([name]) =>
          !packages[`node_modules/${name}`] && !packages[`${parent}/node_modules/${name}`],
      )
      .map(([name, version]) => [`node_modules/${name}`, toEntry({ name, version, dev })]),
  );
}

function toEntry({ name, version, dev }) {
  const words = name.split(/[-/]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  if (!/^\d+\.\d+\.\d+/.test(version) || !os || !cpu) {
    throw new Error(`Not a build for another platform: ${name}@${version}`);
  }
  const libc = os === 'linux' ? words.map((word) => cLibraries[word]).find(Boolean) : undefined;
  return {
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(libc && { libc: [libc] }),
    optional: true,
    os: [os],
  };
}
