import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, rmSync } from 'node:fs';
import { access, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentWithOnly } from '../../config/process-environment.ts';
import { Problem } from '../../errors/problem.ts';

/** Memory that looks like a disk: what is in it is never written to one. */
const MEMORY = '/dev/shm';

/**
 * Has a person edit a text that nobody else may see: in a file for its owner only, in a directory for its owner only,
 * with all that the editor leaves beside it. The directory is gone afterwards, whatever happened.
 */
export async function editText(text: string, editor: string): Promise<string> {
  const directory = await mkdtemp(join(await place(), 'login-etl-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const stop = () => process.exit(1);
  // Ctrl-C is the editor's.
  const ignore = () => undefined;
  process.once('exit', remove).on('SIGINT', ignore).once('SIGTERM', stop).once('SIGHUP', stop);
  try {
    const path = join(directory, 'message.json');
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
    await run(editor, path);
    const edited = await readFile(path, 'utf8');
    // Editors end a file with a line feed of their own.
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

/** As git does it: the setting may have arguments. The editor gets none of our settings, so no key. */
async function run(editor: string, path: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, editor, path], {
    stdio: 'inherit',
    env: environmentWithOnly({}),
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return;
  throw new Problem(
    'the message was left as it is',
    `the editor ended with ${code ?? 'a signal'}`,
    'Set EDITOR, or give the new body with --set-body-file.',
  );
}
