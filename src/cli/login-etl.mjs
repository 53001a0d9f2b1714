#!/usr/bin/env -S node --
// Plain JavaScript, since an older Node cannot load the TypeScript files and would fail without saying why.
// `--`: Node otherwise takes an --env-file after the script as its own option (nodejs/node#54232).
const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  process.stderr.write(
    `error: login-etl needs Node ${NEEDED} or newer\n  why: this is Node ${process.versions.node}\n` +
      '  what to do: run `npm ci` in the checkout, which also installs Node there, then `npx login-etl …`.\n',
  );
  process.exitCode = 1;
} else {
  await import('./main.ts');
}
