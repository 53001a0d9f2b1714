import type { Command } from 'commander';
import type { MaskedValue } from '../../../domain/login/sealed-original.ts';
import { withCustody } from '../../connect/with-custody.ts';
import { type Revealed, reveal, type Wanted } from '../../custody/reveal-originals.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { addMaskedOptions, readMaskedOptions } from '../../options/masked-value.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import {
  printData,
  printJson,
  printMessage,
  printText,
  terminalWidth,
} from '../../terminal/output.ts';
import { renderTable } from '../../terminal/table.ts';

/** A reveal is for a case, not for a whole table. */
const MAX_PER_CALL = 100;

const HELP = `
Needs the database role login_etl_custodian and the vault's private key (VAULT_PRIVATE_KEY, its _FILE, or
VAULT_KMS_KEY_ID). The audit record, with who, when, why and which masked values, is committed before anything is
opened. Without it nothing is shown. At most ${MAX_PER_CALL} values and messages per call.

Each original is masked again with the key that its row names: "does not match" means that it is not the original of
this masked value, whoever put it there. "not checked" means that MASKING_KEYS does not hold that key.

--message shows all values of a stored login, or the body of a quarantined message.

Examples:
  login-etl reveal --ip 9f86d081884c7d65… --reason "case 4711, court order of 2026-11-20"
  login-etl reveal --device HASH HASH --reason "fraud case 4712" --json
  login-etl reveal --message 5a2f… --reason "support request 99, with the user's consent"
${EXIT_CODES_HELP}`;

type Options = {
  message?: string[];
  reason: string;
  json?: boolean;
};

export function addRevealCommand(program: Command): void {
  addReasonOption(
    addMaskedOptions(
      program
        .command('reveal')
        .description('show the originals of masked values, with an audit record'),
    ).option('--message <id...>', 'the values or the body of a message, by its id'),
  )
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async ({ reason, json, message }: Options, command: Command) => {
      const why = checkReason(reason);
      const wanted = parse(readMaskedOptions(command), message);
      const { revealed, missing, auditId } = await withCustody(command, (custody) =>
        reveal(custody, wanted, why),
      );
      if (json) printJson({ auditId, revealed, missing });
      else show(revealed);
      for (const one of missing) printMessage(`not found: ${one}`);
      const whole =
        missing.length === 0 &&
        revealed.every(({ original, check }) => original !== null && check !== 'does not match');
      process.exitCode = whole ? EXIT.ok : EXIT.failure;
    });
}

function parse(values: MaskedValue[], messages: readonly string[] = []): Wanted {
  const number = values.length + messages.length;
  if (number === 0 || number > MAX_PER_CALL) {
    throw new UsageProblem(
      number === 0 ? 'there is nothing to reveal' : 'these are too many for one call',
      number === 0
        ? 'neither a masked value nor --message was given'
        : `${number} were given, and the limit is ${MAX_PER_CALL}: a reveal is for a case, not for a whole table`,
      number === 0 ? 'Name at least one.' : 'Use several calls, each with its reason.',
    );
  }
  return {
    values,
    messageIds: [...new Set(messages)],
  };
}

const NOT_OPENED = '(cannot be opened with this key)';

/** Values as a table, bodies of messages as they are. */
function show(revealed: readonly Revealed[]): void {
  const values = revealed.filter(({ field }) => field !== 'body');
  const rows = values.map(({ messageId, field, maskedValue, original, check }) => [
    messageId ?? maskedValue ?? '',
    field,
    original ?? NOT_OPENED,
    check === 'does not match' ? 'does not match the masked value' : (check ?? ''),
  ]);
  const columns = ['of', 'field', 'original', 'check'].map((title) => ({ title }));
  if (rows.length > 0) printData(renderTable(columns, rows, terminalWidth()));
  for (const { messageId, field, original } of revealed) {
    if (field !== 'body') continue;
    printData(`body of ${messageId}`);
    printText(original ?? NOT_OPENED);
  }
}
