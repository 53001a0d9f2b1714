import { runCommandLine } from '../../../src/cli/run-command-line.ts';

/** A program of its own: runs each of the command lines in its first argument, and writes the second after each. */
const [commandLines = '[]', mark = ''] = process.argv.slice(2);

for (const args of JSON.parse(commandLines) as string[][]) {
  await runCommandLine(['node', 'login-etl', ...args]);
  process.stdout.write(mark);
}
