#!/usr/bin/env -S node --
// `--`, since Node takes an --env-file after the script for its own otherwise (nodejs/node#54232).
// Loads nothing until the version is known: what is imported needs that Node.
const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  process.stderr.write(
    `error: login-etl needs Node ${NEEDED} or newer\n  why: this is Node ${process.versions.node}\n` +
      '  what to do: run it as `npx login-etl …` in the checkout, which brings its own Node.\n',
  );
  process.exitCode = 1;
} else {
  const { endWithReader } = await import('./terminal/output.ts');
  const { runCommandLine } = await import('./run-command-line.ts');
  endWithReader();
  process.exitCode = await runCommandLine(process.argv);
}

export {};
