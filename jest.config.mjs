/** Sources are ES modules; jest runs them as CommonJS, compiled by swc. */
const esmOnlyPackages = ['jose', 'croner', 'chalk'];

export default {
  roots: ['<rootDir>/functions'],
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: [],
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
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnlyPackages.join('|')})/)`],
};
