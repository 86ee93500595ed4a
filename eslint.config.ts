import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** For `npm run test:long`: the rule that Oxlint does not have. */
export default defineConfig(
  globalIgnores(['node_modules', '**/dist', 'cdk.out', '.local', '.cache', '.stryker', '.bench', 'coverage']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'error' },
  },
);
