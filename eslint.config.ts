import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores([
    '.dependency-cruiser.cjs',
    'node_modules',
    '**/dist',
    'cdk.out',
    '.local',
    '.cache',
    '.stryker',
    '.bench',
    'tooling/benchmarks/**/*.mjs',
    'coverage',
  ]),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        {
          selector: 'ImportDeclaration[source.value="zod"] > ImportSpecifier',
          message: "Use `import * as z from 'zod'`: `{ z }` drags every locale into the bundle.",
        },
      ],
      'max-params': ['error', 3],
      // Prettier wraps code; this is about comments. Texts are as long as they are.
      'max-len': [
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
  },
  {
    // Configuration files of tools are read by their default export.
    files: ['*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // Table-driven tests and property tests take their cases as parameters.
    files: ['test/**', 'tooling/*/test/**'],
    rules: { 'max-params': 'off' },
  },
  {
    files: ['infra/**', 'functions/**', 'shared/**', 'ops/**', 'local/**', 'tooling/**'],
    ignores: ['tooling/*/test/**'],
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
    },
  },
);
