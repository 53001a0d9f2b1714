import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { octal } from '../../../config/exposed-key-files.ts';
import { generateKeys, KEY_FILE_NAMES } from '../../../crypto/keys/generate-keys.ts';
import { parseKeyring } from '../../../crypto/keys/keyring.ts';
import { writeKeyFiles } from '../../../crypto/keys/write-key-files.ts';
import { IDS_WITHOUT_KEY } from '../../../domain/login/masking.ts';
import { monthOf } from '../../../domain/tables/days.ts';
import { Problem } from '../../../errors/problem.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { printData, printJson, styled } from '../../terminal/output.ts';
import { addKeysListCommand } from './keys-list.ts';
import { addKeysRotateCommand } from './keys-rotate.ts';

const HELP = `
Creates ${Object.values(KEY_FILE_NAMES).join(', ')},
readable by their owner only. It never overwrites a file, since lost keys cannot be recovered.

Examples:
  login-etl keys generate --out secrets
  login-etl keys generate --out secrets --id 2026-11
${EXIT_CODES_HELP}`;

export function addKeysCommand(program: Command): void {
  const keys = program.command('keys').description('keys for masking, payloads and the vault');
  addKeysListCommand(keys);
  addKeysRotateCommand(keys);
  keys
    .command('generate')
    .description('create a first key of every kind')
    .requiredOption('--out <directory>', 'directory for the files; created if missing')
    .option('--id <id>', 'id of the keys in rows and payloads', currentMonth())
    .option('--json', 'print the paths as JSON')
    .addHelpText('after', HELP)
    .action(async ({ out, id, json }: { out: string; id: string; json?: boolean }) => {
      refuseToOverwrite(out);
      refuseSharedDirectory(out);
      const files = await generateKeys(id);
      const made = parseKeyring(files[KEY_FILE_NAMES.maskingKeys] ?? '', IDS_WITHOUT_KEY);
      if (Array.isArray(made)) {
        throw new UsageProblem(
          '--id is not a valid key id',
          `the keyring ${made[0]}`,
          'Choose another, such as 2026-11.',
        );
      }
      await writeKeyFiles(out, files).catch((error: NodeJS.ErrnoException) => {
        throw new Problem(
          'the keys were not written',
          `${out} (${error.code})`,
          'Choose another directory with --out.',
        );
      });
      if (json) printJson({ id, files: filesIn(out) });
      else printData(whatBelongsWhere(out));
    });
}

const currentMonth = (): string => monthOf(new Date());

function refuseToOverwrite(directory: string): void {
  const there = Object.values(KEY_FILE_NAMES).filter((name) => existsSync(join(directory, name)));
  if (there.length === 0) return;
  throw new Problem(
    'no keys were created',
    `${directory} already contains ${there.join(', ')}`,
    'Choose another directory with --out. Keep keys that are in use: without them their data cannot be read.',
  );
}

function refuseSharedDirectory(directory: string): void {
  const stats = statSync(directory, { throwIfNoEntry: false });
  if (stats === undefined || (stats.mode & 0o022) === 0) return;
  throw new Problem(
    'no keys were created',
    `other users can write to ${directory} (${octal(stats)}), and so replace the keys`,
    `Choose another directory with --out, or run: chmod go-w ${directory}`,
  );
}

const filesIn = (directory: string) =>
  Object.fromEntries(
    Object.entries(KEY_FILE_NAMES).map(([name, file]) => [name, join(directory, file)]),
  );

function whatBelongsWhere(directory: string): string[] {
  const path = (name: keyof typeof KEY_FILE_NAMES) => join(directory, KEY_FILE_NAMES[name]);
  return [
    styled('bold', 'For the worker, as files or as the settings themselves:'),
    `  MASKING_KEYS_FILE=${path('maskingKeys')}`,
    `  PAYLOAD_KEYS_FILE=${path('payloadKeys')}      (the CLI too)`,
    `  VAULT_PUBLIC_KEY_FILE=${path('vaultPublicKey')}`,
    '',
    styled('bold', 'For the custodian only, kept away from the worker, preferably offline:'),
    `  ${path('vaultPrivateKey')}`,
    '',
    'Anyone with the private key and the database can read the originals. Without the key nobody can: keep a copy.',
  ];
}
