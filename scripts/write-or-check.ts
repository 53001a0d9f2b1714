import { readFile, writeFile } from 'node:fs/promises';
import { basename, relative } from 'node:path';

/**
 * Writes a generated file or, with `--check`, exits 1 unless it is up to date.
 */
export async function writeOrCheck(path: string, make: (present: string) => string): Promise<void> {
  const present = await readFile(path, 'utf8').catch(() => '');
  const wanted = make(present);
  const shown = relative(process.cwd(), path);
  if (!process.argv.includes('--check')) {
    if (wanted !== present) await writeFile(path, wanted);
    process.stdout.write(`${shown} ${wanted === present ? 'was up to date' : 'is written'}\n`);
  } else if (wanted !== present) {
    const program = basename(process.argv[1] ?? '');
    process.stderr.write(`${shown} is not up to date: run \`node scripts/${program}\`\n`);
    process.exitCode = 1;
  }
}
