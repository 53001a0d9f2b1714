import { readFile, writeFile } from 'node:fs/promises';
import { Argument, type Command } from 'commander';
import { type KeyringPlace, keyringPlace } from '../../../config/keyring-settings.ts';
import { writeSecret } from '../../../config/secrets-manager/write-secret.ts';
import { freeKeyId, withNewKey } from '../../../crypto/keys/add-key.ts';
import { type Keyring, type KeyUse, parseKeyring } from '../../../crypto/keys/keyring.ts';
import { replaceKeyFile } from '../../../crypto/keys/replace-key-file.ts';
import { IDS_WITHOUT_KEY } from '../../../domain/login/masking.ts';
import { Problem } from '../../../errors/problem.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { printData, printJson } from '../../terminal/output.ts';

const HELP = `
Adds a new key to the keyring and makes it the active one. The keyring is changed where it is stored: in its file
(…_FILE) or as a new version of its secret (…_SECRET_ID). A keyring in an environment variable is written to the file
that --out names. The old keys stay, and no row is changed: after a new masking key, \`login-etl remask start\`
re-masks the existing rows.

Examples:
  login-etl keys rotate payload
  login-etl keys rotate masking --id 2026-12
  login-etl keys rotate payload --out new-payload-keys.json
${EXIT_CODES_HELP}`;

type Options = { id?: string; out?: string; json?: boolean };
type Rotated = { use: KeyUse; id: string; previousId: string; writtenTo: string };

export function addKeysRotateCommand(keys: Command): void {
  keys
    .command('rotate')
    .description('add a key to a keyring and make it the active one')
    .addArgument(new Argument('<keyring>', 'the keyring').choices(['masking', 'payload']))
    .option('--id <id>', 'id of the new key (default: the month)')
    .option('--out <file>', 'write the new keyring to this file and change nothing else')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (use: KeyUse, { id, out, json }: Options, command: Command) => {
      const keyring = currentKeyring(use, command);
      const newId = id ?? freeKeyId(keyring.keys.keys());
      const text = newKeyring(use, keyring, newId);
      const writtenTo = await write(text, placeOf(use), out);
      const rotated = { use, id: newId, previousId: keyring.activeId, writtenTo };
      if (json) printJson(rotated);
      else printData(whatIsNext(rotated));
    });
}

function currentKeyring(use: KeyUse, command: Command): Keyring {
  if (use === 'payload') return readSettings(command, ['payloads']).payloads.keys;
  const { keys } = readSettings(command, ['masking']).masking;
  if (keys) return keys;
  throw new Problem(
    'there is no masking key to rotate',
    'MASKING_MODE is sha256, which uses no key',
    'Set MASKING_MODE to hmac-sha256 first: docs/keys.md says what that changes.',
  );
}

/** Defined, since the keyring was just read from it. */
const placeOf = (use: KeyUse): KeyringPlace => keyringPlace(use) as KeyringPlace;

function newKeyring(use: KeyUse, { keys }: Keyring, id: string): string {
  if (keys.has(id)) {
    throw new UsageProblem('--id is taken', `the keyring has a key ${id}`, 'Choose another.');
  }
  const present = [...keys].map(([known, key]) => [known, key.export().toString('base64')]);
  const text = withNewKey(Object.fromEntries(present), use, id);
  const problems = parseKeyring(text, IDS_WITHOUT_KEY, use);
  if (!Array.isArray(problems)) return text;
  throw new UsageProblem(
    '--id is not a valid key id',
    `the keyring ${problems[0]}`,
    'Choose another, such as 2026-11.',
  );
}

/** @returns where it was written, for people */
async function write(text: string, place: KeyringPlace, out: string | undefined): Promise<string> {
  if (out !== undefined) {
    await writeFile(out, text, { flag: 'wx', mode: 0o600 }).catch(notWritten(out));
    return out;
  }
  switch (place.kind) {
    case 'file':
      await replaceKeyFile(place.path, text).catch(notWritten(place.path));
      await checkWritten(place.path, text);
      return place.path;
    case 'secret':
      await writeSecret(place.id, text);
      return `the secret that ${place.setting} names`;
    case 'environment':
      throw new UsageProblem(
        'the keyring was not changed',
        `${place.setting} is an environment variable, which cannot be changed from here`,
        'Name a file for the new keyring: --out FILE. Then set the variable from it.',
      );
  }
}

async function checkWritten(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8')) === text) return;
  throw new Problem(
    'the keyring was changed by someone else',
    `${path} does not contain what was written`,
    'See `login-etl keys list`, and rotate again if the new key is missing.',
  );
}

const notWritten =
  (path: string) =>
  (error: NodeJS.ErrnoException): never => {
    const another = error.code === 'EEXIST';
    throw new Problem(
      'the keyring was not changed',
      `${path} cannot be written (${error.code})`,
      another
        ? 'It or its .new file already exists. Unless another rotation is running, remove it.'
        : 'Name a file for the new keyring: --out FILE. Then move it to its place.',
    );
  };

function whatIsNext({ use, id, previousId, writtenTo }: Rotated): string[] {
  const done = `${use} key ${id} is the active one in ${writtenTo}; ${previousId} stays in it.`;
  const steps = {
    payload: [
      'Restart the workers, the codec server and everything else that has the payload keys: they read them at start.',
      'Payloads encrypted with older keys still decode. Keep those keys as long as Temporal keeps histories, and as',
      'long as a schedule has an input that was encrypted with them.',
    ],
    masking: [
      'Restart the workers, so that they mask new events with it.',
      'Then re-mask the rows of older keys: `login-etl remask start`, with a custodian worker running.',
      'Until that ends, the same device has two masked values. Keep the old key until then.',
    ],
  }[use];
  return [done, '', 'What to do next:', ...steps.map((step) => `  ${step}`)];
}
