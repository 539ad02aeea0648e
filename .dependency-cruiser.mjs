/** Who may import whom: core <- kit <- contexts, gcp, notify <- entrypoints. */

const src = '^functions/src/';
/** Beside the sources, but never deployed. */
const notDeployed =
  '(\\.test\\.ts|\\.testsuite\\.ts|[./]sandbox[a-z-]*\\.ts)$|/(testing|fixtures)/';
const external = 'node_modules/';

const deployed = (folder) => ({ path: `${src}${folder}`, pathNot: notDeployed });
const layer = (name) => `${src}${name}/`;

/** A rule by which `from` imports nothing but what is named, and Node's own modules. */
const only = ({ name, comment, from, may }) => ({
  name,
  comment,
  severity: 'error',
  from,
  to: { pathNot: may, dependencyTypesNot: ['core'] },
});
const never = ({ name, comment, from, to }) => ({ name, comment, severity: 'error', from, to });

export default {
  forbidden: [
    never({
      name: 'core-is-pure',
      comment: 'core imports core, zod and node:crypto.',
      from: deployed('core/'),
      to: { pathNot: [layer('core'), '^crypto$', 'node_modules/zod/'] },
    }),
    only({
      name: 'kit-imports-core',
      comment: 'kit imports core and libraries; no platform, no cloud, no entry point.',
      from: deployed('kit/'),
      may: [layer('core'), layer('kit'), external],
    }),
    only({
      name: 'contexts-import-core-and-kit',
      comment: 'A platform imports core, kit and the framework beside the platform folders.',
      from: deployed('contexts/'),
      may: [layer('core'), layer('kit'), layer('contexts'), external],
    }),
    never({
      name: 'contexts-import-types-and-errors-of-core',
      comment: 'A platform maps; the core orchestrates. Beyond the contract, only types.',
      from: deployed('contexts/'),
      to: {
        path: layer('core'),
        pathNot: `${src}core/(errors|ports|settings|credentials/secret|imports/(source-call|import-context))\\.ts$`,
        dependencyTypesNot: ['type-only'],
      },
    }),
    never({
      name: 'platforms-are-strangers',
      comment: 'No platform imports another: what they share belongs in kit.',
      from: { path: `${src}contexts/([^/]+)/.+`, pathNot: `${src}contexts/testing/` },
      to: { path: `${src}contexts/[^/]+/`, pathNot: `${src}contexts/($1|testing)/` },
    }),
    never({
      name: 'only-the-registry-knows-platforms',
      comment: 'The framework takes platforms from the registry.',
      from: {
        path: `${src}contexts/[^/]+\\.ts$`,
        pathNot: [`${src}contexts/registry\\.ts$`, notDeployed],
      },
      to: { path: `${src}contexts/[^/]+/`, pathNot: notDeployed },
    }),
    never({
      name: 'no-cloud-in-kit-and-contexts',
      comment: 'Cloud SDKs are for gcp.',
      from: { path: `${src}(kit|contexts)/` },
      to: { path: 'node_modules/(@google-cloud/|firebase-|google-)' },
    }),
    only({
      name: 'gcp-imports-core',
      comment: 'gcp implements core ports on cloud SDKs.',
      from: deployed('gcp/'),
      may: [layer('core'), layer('gcp'), external],
    }),
    only({
      name: 'notify-imports-core',
      comment: 'notify implements core ports on chat services.',
      from: deployed('notify/'),
      may: [layer('core'), layer('notify'), external],
    }),
    only({
      name: 'entrypoints-import-core-and-app',
      comment: 'An entry point parses, calls and answers; app.ts gives it everything built.',
      from: deployed('entrypoints/'),
      may: [layer('core'), layer('entrypoints'), `${src}(app|config)\\.ts$`, external],
    }),
    never({
      name: 'no-cloud-in-entrypoints',
      comment: 'Entry points get cloud clients from app.ts.',
      from: deployed('entrypoints/'),
      to: {
        path: 'node_modules/(@google-cloud/|firebase-admin/|google-|@slack/)',
        dependencyTypesNot: ['type-only'],
      },
    }),
    only({
      name: 'index-exports-entrypoints',
      comment: 'index.ts is the deployable surface: re-exports only.',
      from: { path: `${src}index\\.ts$` },
      may: [layer('entrypoints')],
    }),
    only({
      name: 'config-stands-alone',
      comment: 'config.ts reads settings; it knows their shapes and nothing else.',
      from: { path: `${src}config\\.ts$` },
      may: [layer('core'), 'node_modules/(firebase-functions|zod)/'],
    }),
    never({
      name: 'app-is-for-entrypoints',
      comment: 'Only entry points ask the composition root; the rest is given what it needs.',
      from: { path: src, pathNot: [`${src}(entrypoints/|app\\.ts$)`, notDeployed] },
      to: { path: `${src}(app|index)\\.ts$` },
    }),
    never({
      name: 'app-builds-for-entrypoints',
      comment: 'app.ts is called by entry points, not the other way round.',
      from: { path: `${src}app\\.ts$` },
      to: { path: layer('entrypoints') },
    }),
    never({
      name: 'deployed-code-stands-alone',
      comment: 'What is deployed imports no test, sandbox or fixture and nothing outside src.',
      from: deployed(''),
      to: { path: [notDeployed, '^functions/(local|test)/', '^scripts/'] },
    }),
    never({
      name: 'deployed-code-has-its-packages',
      comment: 'A package that src imports belongs in dependencies of functions/package.json.',
      from: deployed(''),
      to: {
        path: 'node_modules/',
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    }),
    never({
      name: 'no-cycles',
      comment: 'Modules in a cycle cannot be understood, tested or loaded one by one.',
      from: {},
      to: { circular: true },
    }),
    never({
      name: 'resolvable',
      comment: 'An import must lead somewhere.',
      from: {},
      to: { couldNotResolve: true },
    }),
    never({
      name: 'no-orphans',
      comment: 'A module that imports nothing and that nothing imports is left over.',
      from: { orphan: true, path: src, pathNot: [`${src}index\\.ts$`, notDeployed] },
      to: {},
    }),
    never({
      name: 'reachable-from-index',
      comment:
        'Deployed code that no deployed function reaches is left over; not-filled-in.ts is for adapters that are being written.',
      from: { path: `${src}index\\.ts$` },
      to: {
        path: src,
        pathNot: [notDeployed, `${src}kit/not-filled-in\\.ts$`],
        reachable: false,
      },
    }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^functions/lib/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'functions/tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
