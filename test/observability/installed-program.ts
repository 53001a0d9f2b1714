import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** As they are called on the PATH: Debian's package has another name for one of them. */
const NAMES = {
  prometheus: ['prometheus'],
  promtool: ['promtool'],
  alertmanager: ['prometheus-alertmanager', 'alertmanager'],
  amtool: ['amtool'],
} as const;

export type Program = keyof typeof NAMES;

export const HOW_TO_INSTALL =
  'apt-get install --no-install-recommends prometheus prometheus-alertmanager';

/** The command of an installed program; undefined when it is not on the PATH. */
export async function findProgram(program: Program): Promise<string | undefined> {
  for (const name of NAMES[program]) {
    const found = await promisify(execFile)(name, ['--version']).then(
      () => true,
      () => false,
    );
    if (found) return name;
  }
  return undefined;
}

/** @throws an error that says how to install it */
export async function installedProgram(program: Program): Promise<string> {
  const found = await findProgram(program);
  if (found !== undefined) return found;
  throw new Error(
    `this test runs the real ${program}, which is not on the PATH: ${HOW_TO_INSTALL}`,
  );
}
