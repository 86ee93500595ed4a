import js from '@eslint/js';
import { defineConfig } from 'oxlint';
import tseslint from 'typescript-eslint';

/** What Oxlint lacks: a rule about what no module can contain, and the rule of `eslint.config.ts`. */
const MISSING = ['no-octal', '@typescript-eslint/no-unsafe-class-instance-assignment'];

const recommended = Object.assign(
  {},
  ...[js.configs.recommended, ...tseslint.configs.strictTypeChecked].map(({ rules }) => rules),
) as Record<string, 'off' | 'error'>;

export default defineConfig({
  plugins: ['eslint', 'import', 'typescript'],
  jsPlugins: ['./lint-plugin.config.ts', '@stylistic/eslint-plugin'],
  categories: { correctness: 'off' },
  options: { typeAware: true, maxWarnings: 0, reportUnusedDisableDirectives: 'error' },
  ignorePatterns: [
    '.dependency-cruiser.cjs',
    'require-node-24.cjs',
    '**/dist',
    'cdk.out',
    '.local',
    '.cache',
    '.stryker',
    '.bench',
    'tooling/benchmarks/**/*.mjs',
  ],
  rules: {
    ...Object.fromEntries(
      Object.entries(recommended)
        .filter(([name, level]) => level !== 'off' && !MISSING.includes(name))
        .map(([name, level]) => [name.replace('@typescript-eslint/', 'typescript/'), level]),
    ),
    'typescript/consistent-type-definitions': ['error', 'type'],
    'typescript/consistent-type-imports': 'error',
    'typescript/no-import-type-side-effects': 'error',
    'typescript/switch-exhaustiveness-check': [
      'error',
      { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
    ],
    'typescript/restrict-template-expressions': ['error', { allowNumber: true }],
    'typescript/no-unused-vars': ['error', { ignoreRestSiblings: true }],
    'import/no-default-export': 'error',
    'project/whole-zod': 'error',
    'max-params': ['error', { max: 3 }],
    'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    // The formatter wraps code; this is about comments. Texts are as long as they are.
    '@stylistic/max-len': [
      'error',
      {
        code: 110,
        ignoreUrls: true,
        ignoreStrings: true,
        ignoreTemplateLiterals: true,
        ignoreRegExpLiterals: true,
      },
    ],
    eqeqeq: 'error',
  },
  overrides: [
    {
      // Configuration files of tools are read by their default export.
      files: ['*.config.ts'],
      rules: { 'import/no-default-export': 'off' },
    },
    {
      // Table-driven tests and property tests take their cases as parameters. A group is one function.
      files: ['test/**', 'tooling/*/test/**'],
      rules: { 'max-params': 'off', 'max-lines-per-function': 'off' },
    },
    {
      files: ['infra/**', 'functions/**', 'shared/**', 'ops/**', 'local/**', 'tooling/**'],
      excludeFiles: ['tooling/*/test/**'],
      rules: { 'typescript/consistent-type-assertions': ['error', { assertionStyle: 'never' }] },
    },
  ],
});
