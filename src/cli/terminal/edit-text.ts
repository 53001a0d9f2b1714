import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, rmSync } from 'node:fs';
import { access, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentWithOnly } from '../../config/process-environment.ts';
import { Problem } from '../../errors/problem.ts';

/** A file system in memory. */
const MEMORY = '/dev/shm';

/**
 * Opens a confidential text in an editor. File and directory are readable by their owner only; the directory is
 * removed in any case, with all that the editor leaves in it.
 */
export async function editText(text: string, editor: string): Promise<string> {
  const directory = await mkdtemp(join(await place(), 'login-etl-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const stop = () => process.exit(1);
  // Ctrl-C is for the editor.
  const ignore = () => undefined;
  process.once('exit', remove).on('SIGINT', ignore).once('SIGTERM', stop).once('SIGHUP', stop);
  try {
    const path = join(directory, 'message.json');
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
    await run(editor, path);
    const edited = await readFile(path, 'utf8');
    // Editors add a line feed at the end.
    return text.endsWith('\n') ? edited : edited.replace(/\r?\n$/, '');
  } finally {
    remove();
    process.off('exit', remove).off('SIGINT', ignore).off('SIGTERM', stop).off('SIGHUP', stop);
  }
}

const place = (): Promise<string> =>
  access(MEMORY, constants.W_OK).then(
    () => MEMORY,
    () => tmpdir(),
  );

/** The setting may have arguments, as in git. The editor's environment has none of our settings, so no keys. */
async function run(editor: string, path: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, editor, path], {
    stdio: 'inherit',
    env: environmentWithOnly({}),
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return;
  throw new Problem(
    'the message was not changed',
    `the editor ended with ${code === null ? 'a signal' : `exit code ${code}`}`,
    'Set EDITOR, or give the new body with --set-body-file.',
  );
}
