#!/usr/bin/env -S node --
// Executable, since the cache of npx keeps a link to this file, which was the package's program before `login-etl.mjs`.
import { whenNpmIsGone } from '../stop-signals.ts';
import { runCommandLine } from './run-command-line.ts';
import { endWithReader } from './terminal/output.ts';

endWithReader();
whenNpmIsGone(() => process.kill(process.pid, 'SIGTERM'));
process.exitCode = await runCommandLine(process.argv);
