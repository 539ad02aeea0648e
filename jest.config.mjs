/**
 * Sources are ES modules; jest runs them as CommonJS, compiled by swc. So are the packages that are
 * ES modules only, and those that load one when first used: jest has no `import()` of its own.
 */
const compiledPackages = [
  '@redocly/config',
  '@redocly/openapi-core',
  'chalk',
  'croner',
  'data-uri-to-buffer',
  'fetch-blob',
  'formdata-polyfill',
  'gaxios',
  'jose',
  'node-fetch',
  'teeny-request',
];

const notCovered = ['*.test.ts', '*.testsuite.ts', '*.sandbox*.ts', 'sandbox.ts'];

export default {
  roots: ['<rootDir>/functions'],
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  // Two busy cores can be four times slower than an idle one.
  testTimeout: 300_000,
  testSequencer: '<rootDir>/scripts/lib/long-tests-first.mjs',
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/functions/lib/'],
  modulePathIgnorePatterns: ['<rootDir>/functions/lib/'],
  extensionsToTreatAsEsm: [],
  setupFiles: ['<rootDir>/scripts/lib/jest-setup.mjs'],
  transform: {
    '^.+\\.(ts|m?js)$': [
      '@swc/jest',
      {
        sourceMaps: 'inline',
        module: { type: 'commonjs', ignoreDynamic: false },
        jsc: { target: 'es2024', parser: { syntax: 'typescript' } },
      },
    ],
  },
  transformIgnorePatterns: [
    `/node_modules/(?!.*/node_modules/)(?!(${compiledPackages.join('|')})/)`,
  ],
  coverageProvider: 'babel',
  coverageDirectory: '<rootDir>/coverage',
  coverageReporters: [['text', { skipFull: true }], 'json-summary'],
  collectCoverageFrom: [
    '<rootDir>/functions/src/**/*.ts',
    '!**/{testing,fixtures}/**',
    ...notCovered.map((pattern) => `!**/${pattern}`),
  ],
  coverageThreshold: {
    global: { statements: 90, branches: 90, functions: 90, lines: 90 },
    './functions/src/core/': { statements: 100, branches: 100, functions: 100, lines: 100 },
  },
};
