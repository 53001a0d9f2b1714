import { type Command, Option } from 'commander';
import type { Pool } from 'pg';
import type { MaskedValue } from '../../../domain/login/sealed-original.ts';
import { countLoginsOf } from '../../../postgres/logins/count-rows.ts';
import { readQuarantineReasons } from '../../../postgres/quarantine/read-quarantine.ts';
import { countOriginals, type EraseTarget } from '../../../postgres/vault/erase-originals.ts';
import { withCustody } from '../../connect/with-custody.ts';
import {
  describeSubject,
  isUnknown,
  printResult,
  reportWhatIsLeft,
  type Subject,
  sayUnknown,
} from '../../custody/describe-erasure.ts';
import { erase, refuseWhileReplayed } from '../../custody/erase-everywhere.ts';
import { readRemains } from '../../custody/what-remains.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import {
  addMaskedOptions,
  MASKED_OPTION_NAMES,
  readMaskedOptions,
} from '../../options/masked-value.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { confirm } from '../../terminal/confirm.ts';
import { printData, printJson, printMessage } from '../../terminal/output.ts';
import { readSecretLine } from '../../terminal/read-input.ts';

const MAX_VALUES = 100;
const NO_LOGINS = 'no login of this account is stored';

const HELP = `
Takes originals out of the vault, and quarantined messages that hold them: nobody can turn the masked values back any
more. Rows of user_logins stay, with their masked values. Every quarantined body is opened to see whose it is, so it
needs the vault's private key as well as the custodian's database role. What was erased is counted on the record.

--user erases the originals of all the account's logins, also where other accounts share them: the data are the
user's. How many were shared is reported; --keep-shared leaves those in the vault. With --user - the account is read from
standard input, or asked for without an echo, and stays out of the list of processes.

Quarantined messages are searched as they were sent: in broken JSON, for repeated names, escaped and padded ids, and
addresses with a port or leading zeros. A message that only resembles the subject (another case, an address in an
unusual notation) is listed and kept, unless --include-near is given.

Examples:
  login-etl erase --user 4711 --reason "request of 2026-11-20, art. 17" --dry-run
  login-etl erase --user 4711 --reason "request of 2026-11-20, art. 17"
  login-etl erase --device 9f86d081884c7d65… --reason "case 12" --yes --json
${EXIT_CODES_HELP}`;

type Options = {
  user?: string;
  keepShared?: boolean;
  reason: string;
  includeNear?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
};

export function addEraseCommand(program: Command): void {
  const command = program
    .command('erase')
    .description("forget originals: a user's, a device's or an address'")
    .addOption(
      new Option('--user <id>', 'of all logins of this account; - for standard input').conflicts(
        MASKED_OPTION_NAMES,
      ),
    );
  addMaskedOptions(command).option(
    '--keep-shared',
    'with --user: not what other accounts have, too',
  );
  addReasonOption(command)
    .option('--include-near', 'also messages that only resemble the subject')
    .option('--dry-run', 'open and erase nothing, say what is there')
    .option('--yes', 'do not ask')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (options: Options, self: Command) => {
      const reason = checkReason(options.reason);
      const target = await parseTarget(options, readMaskedOptions(self));
      await withCustody(self, async (custody) => {
        const found = await findSubject(custody.pool, target);
        if (options.dryRun) {
          if (options.json) printJson({ dryRun: true, ...found });
          else printData(`would erase ${describeSubject(found)}`);
          if (isUnknown(found)) sayUnknown(found);
          return;
        }
        await refuseWhileReplayed(custody.pool);
        if (found.logins === 0) printMessage(NO_LOGINS);
        await confirm(`To be erased: ${describeSubject(found)}.`, options.yes);
        const includeNear = options.includeNear ?? false;
        const result = await erase(custody, target, { reason, includeNear });
        const remains = await readRemains();
        const { erased, near } = result.quarantine;
        const unknown = isUnknown(found) && erased + near.length === 0;
        if (options.json) printJson({ ...result, logins: found.logins, remains });
        else if (!unknown) printResult(result, remains);
        if (unknown) sayUnknown({ ...found, toSearch: 0 });
        reportWhatIsLeft(result.quarantine);
      });
    });
}

async function findSubject(pool: Pool, target: EraseTarget): Promise<Subject> {
  const quarantined = await readQuarantineReasons(pool);
  return {
    ...('userId' in target && { logins: await countLoginsOf(pool, target.userId) }),
    vault: await countOriginals(pool, target),
    toSearch: quarantined.reduce((sum, { messages }) => sum + messages, 0),
  };
}

async function parseTarget(
  { user, keepShared = false }: Options,
  values: readonly MaskedValue[],
): Promise<EraseTarget> {
  const nothing = user === undefined ? values.length === 0 : user.trim() === '';
  if (nothing || values.length > MAX_VALUES || (keepShared && user === undefined)) {
    throw new UsageProblem(
      'it is not clear what to erase',
      `it takes --user, alone or with --keep-shared, or ${MAX_VALUES} masked values at most`,
      'Name an account by --user, or masked values by their options.',
    );
  }
  if (user === undefined) return { values };
  return { userId: user === '-' ? await readUserId() : user, keepShared };
}

async function readUserId(): Promise<string> {
  const userId = await readSecretLine('account: ');
  if (userId.trim() !== '') return userId;
  throw new UsageProblem(
    'it is not clear what to erase',
    'no account was given',
    'Give its id in one line.',
  );
}
