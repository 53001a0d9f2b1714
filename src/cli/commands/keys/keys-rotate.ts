import { readFile, writeFile } from 'node:fs/promises';
import { Argument, type Command } from 'commander';
import { type KeyringPlace, keyringPlace } from '../../../config/keyring-settings.ts';
import { writeSecret } from '../../../config/secrets-manager/write-secret.ts';
import { freeKeyId, withNewKey } from '../../../crypto/keys/add-key.ts';
import { type Keyring, type KeyUse, parseKeyring } from '../../../crypto/keys/keyring.ts';
import { replaceKeyFile } from '../../../crypto/keys/replace-key-file.ts';
import { UNKEYED_ID } from '../../../domain/login/masking.ts';
import { Problem } from '../../../errors/problem.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { printData, printJson } from '../../terminal/output.ts';

const HELP = `
Adds a new key and makes it the active one, where the keyring is: in its file (…_FILE), as a new version of its
secret (…_SECRET_ID), or, for one that is an environment variable, in a file that --out names. The old keys stay.

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
    .addArgument(new Argument('<keyring>', 'which').choices(['masking', 'payload']))
    .option('--id <id>', 'what the key is called; by default the month')
    .option('--out <file>', 'write the new keyring to this file, and change nothing else')
    .option('--json', 'print what was done as JSON')
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
    'MASKING_MODE is sha256, which has none',
    'Set MASKING_MODE to hmac-sha256 first: docs/keys.md says what that changes.',
  );
}

/** Read a moment ago, so it is there. */
const placeOf = (use: KeyUse): KeyringPlace => keyringPlace(use) as KeyringPlace;

function newKeyring(use: KeyUse, { keys }: Keyring, id: string): string {
  if (keys.has(id)) {
    throw new UsageProblem('--id is taken', `the keyring has a key ${id}`, 'Choose another.');
  }
  const present = [...keys].map(([known, key]) => [known, key.export().toString('base64')]);
  const text = withNewKey(Object.fromEntries(present), use, id);
  const problems = parseKeyring(text, [UNKEYED_ID], use);
  if (!Array.isArray(problems)) return text;
  throw new UsageProblem(
    '--id is no key id',
    `the keyring ${problems[0]}`,
    'Choose another, such as 2026-11.',
  );
}

/** @returns where it went, for people */
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
        `${place.setting} is an environment variable, and a key is not for a terminal`,
        'Name a file for the new keyring: --out FILE. Then put it where the variable comes from.',
      );
  }
}

async function checkWritten(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8')) === text) return;
  throw new Problem(
    'the keyring was changed by somebody else',
    `${path} does not hold what was written`,
    'Look at it with `login-etl keys list`, and rotate again if the new key is missing.',
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
        ? 'It, or the .new beside it, is there already: another rotation is going on, or one was killed. Then remove it.'
        : 'Name a file for the new keyring: --out FILE. Then put it in its place.',
    );
  };

function whatIsNext({ use, id, previousId, writtenTo }: Rotated): string {
  const done = `${use} key ${id} is the active one in ${writtenTo}; ${previousId} stays in it.`;
  const steps = {
    payload: [
      'Restart the workers, the codec server and whatever else holds the payload keys: they read them once.',
      'Nothing else: what was encrypted with older keys still decodes. Keep those as long as Temporal keeps histories,',
      'and as long as a schedule has an input that was made with them.',
    ],
    masking: [
      'Restart the workers, so that new events are masked with it.',
      'Then have the rows made with older keys masked again: workflow rotateMaskingKey, by the custodian’s worker.',
      'Until it ends, the same device has two masked values. Keep the old key until it has ended.',
    ],
  }[use];
  return [done, '', 'What to do next:', ...steps.map((step) => `  ${step}`)].join('\n');
}
