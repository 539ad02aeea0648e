import tseslint from 'typescript-eslint';
import { projectRules } from './scripts/lib/lint-rules.mjs';

const notDeployed = ['**/*.test.ts', '**/*.testsuite.ts', '**/testing/**', '**/fixtures/**'];
const configuration = ['*.config.mjs', '.*.mjs'];

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name.',
};
const noBarrel = {
  selector: ':matches(ExportAllDeclaration, ExportNamedDeclaration[source])',
  message: 'Only index.ts re-exports: import from where a thing is.',
};
const noPlatformComparison = [
  {
    selector:
      'BinaryExpression[operator=/^[!=]==?$/]:has(> Literal):has(> :matches(Identifier[name="platform"], MemberExpression[property.name="platform"]))',
    message: 'Ask the context for a capability: only contexts/registry.ts knows platforms by name.',
  },
  {
    selector:
      'SwitchStatement > :matches(Identifier[name="platform"], MemberExpression[property.name="platform"]).discriminant',
    message: 'Ask the context for a capability: only contexts/registry.ts knows platforms by name.',
  },
];
const noHiddenInputs = [
  {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
    message: 'Take the time from the Clock port.',
  },
  {
    selector:
      'CallExpression[callee.object.name="Date"][callee.property.name="now"], CallExpression[callee.object.name="performance"][callee.property.name="now"]',
    message: 'Take the time from the Clock port.',
  },
  {
    selector: 'MemberExpression[object.name="Math"][property.name="random"]',
    message: 'Take randomness as a parameter.',
  },
];

export default tseslint.config(
  { ignores: ['**/node_modules/', '**/lib/*', '!scripts/lib/*', 'coverage/', '**/.local/'] },
  // Exceptions are made here, where they are seen, never in a comment beside the code.
  { linterOptions: { noInlineConfig: true } },
  {
    files: ['**/*.{ts,mjs}'],
    extends: [tseslint.configs.base],
    plugins: { project: projectRules },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': ['error', noDefaultExport],
      'no-var': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'] }],
      'prefer-const': 'error',
      'project/file-name': 'error',
    },
  },
  {
    // What a tool loads is its default export.
    files: [...configuration, 'scripts/lib/long-tests-first.mjs'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['functions/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'as' }],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        // Clients that load when first used are typed by what their import would yield.
        { disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/max-params': ['error', { max: 3 }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      // The reason of an aborted signal is unknown, and is passed on as it is.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      // The compiler reports these.
      '@typescript-eslint/no-unused-vars': 'off',
      // A port's method is asynchronous whether or not this implementation waits for something.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Ports are objects of functions, not of methods: they do not read `this`.
      '@typescript-eslint/unbound-method': 'off',
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 80 }],
      'project/proven-assertion': 'error',
    },
  },
  {
    files: ['functions/src/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Requests go through kit, which bounds and guards them.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:process', importNames: ['env'], message: 'Only config.ts reads it.' },
          ],
        },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config.ts reads it.' },
      ],
      'no-restricted-syntax': ['error', noDefaultExport, noBarrel, ...noPlatformComparison],
      'project/documented-export': 'error',
    },
  },
  {
    files: ['functions/src/core/**/*.ts'],
    ignores: notDeployed,
    rules: {
      'no-restricted-syntax': [
        'error',
        noDefaultExport,
        noBarrel,
        ...noPlatformComparison,
        ...noHiddenInputs,
      ],
    },
  },
  { files: ['functions/src/config.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['functions/src/index.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport] },
  },
  {
    files: ['functions/src/contexts/registry.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, noBarrel] },
  },
  {
    files: [...notDeployed, 'functions/test/**/*.ts'],
    rules: {
      '@typescript-eslint/max-params': 'off',
      // Jest's matchers are typed as any, and what tests expect of JSON goes through them.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-syntax': ['error', noDefaultExport],
      'project/documented-export': 'off',
    },
  },
);
