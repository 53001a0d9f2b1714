import { defineConfig } from 'oxlint';
import { importRules } from './scripts/import-rules.ts';

export default defineConfig({
  plugins: ['typescript', 'import', 'node', 'promise', 'unicorn'],
  categories: { correctness: 'error', suspicious: 'off' },
  rules: {
    'unicorn/no-useless-spread': 'off',
    'typescript/unbound-method': 'off',
    'import/no-cycle': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/switch-exhaustiveness-check': [
      'error',
      { considerDefaultExhaustiveForUnions: true },
    ],
    'node/no-process-env': 'error',
  },
  overrides: [
    {
      files: ['src/config/**', 'test/**', 'bench/**', 'scripts/**', 'vitest.config.ts'],
      rules: { 'node/no-process-env': 'off' },
    },
    ...importRules(),
  ],
});
