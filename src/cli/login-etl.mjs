#!/usr/bin/env -S node --
// Plain JavaScript, since an older Node cannot load the TypeScript files and would fail without saying why.
// `--`: Node otherwise takes an --env-file after the script as its own option (nodejs/node#54232). npx itself still does:
// docs/troubleshooting.md.
const NEEDED = 24;
/** From the npm package, which has the program as JavaScript: Node runs no TypeScript below node_modules/. */
const installed = import.meta.url.includes('/node_modules/');
const remedy = installed
  ? `install Node ${NEEDED} or newer, then run the command again`
  : 'run `npm ci` in the checkout, which also installs Node there, then `npx login-etl …`';

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  process.stderr.write(
    `error: login-etl needs Node ${NEEDED} or newer\n  why: this is Node ${process.versions.node}\n` +
      `  what to do: ${remedy}.\n`,
  );
  process.exitCode = 1;
} else {
  await import(installed ? '../../lib/cli/main.js' : './main.ts');
}
