import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

// A program that `npm pack` runs: compiles src/ to lib/, since Node runs no TypeScript below node_modules/.
process.chdir(resolve(import.meta.dirname, '../..'));
rmSync('lib', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.package.json'], {
  stdio: 'inherit',
});
// The compiler rewrites the paths of imports only.
for (const file of globSync('lib/**/*.js')) {
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replaceAll(/(new URL\('\.[^']+)\.ts'/g, "$1.js'"));
}
