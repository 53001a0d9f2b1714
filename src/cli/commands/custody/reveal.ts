import Table from 'cli-table3';
import type { Command } from 'commander';
import type { MaskedValue } from '../../../domain/login/sealed-original.ts';
import { withCustody } from '../../connect/with-custody.ts';
import { type Revealed, reveal, type Wanted } from '../../custody/reveal-originals.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { addMaskedOptions, readMaskedOptions } from '../../options/masked-value.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { printData, printJson, printMessage } from '../../terminal/output.ts';
import { printableLines } from '../../terminal/printable.ts';

/** A call is for a case, not for a table. */
const MAX_PER_CALL = 100;

const HELP = `
Needs the custodian's database role and the vault's private key (VAULT_PRIVATE_KEY, its _FILE, or VAULT_KMS_KEY_ID).
The audit record, with who, when, why and which masked values, is committed before anything is opened. Without it
nothing is shown. At most ${MAX_PER_CALL} values and messages a call.

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
      program.command('reveal').description('show the originals of masked values, on the record'),
    ).option('--message <id...>', 'what a message held, by its id'),
  )
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action(async ({ reason, json, message }: Options, command: Command) => {
      const why = checkReason(reason);
      const wanted = parse(readMaskedOptions(command), message);
      const { revealed, missing, auditId } = await withCustody(command, (custody) =>
        reveal(custody, wanted, why),
      );
      if (json) printJson({ auditId, revealed, missing });
      else if (revealed.length > 0) printData(describe(revealed));
      for (const one of missing) printMessage(`not there: ${one}`);
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
      number === 0 ? 'there is nothing to reveal' : 'that is too much for one call',
      number === 0
        ? 'neither a masked value nor --message was given'
        : `it asks for ${number}, and ${MAX_PER_CALL} is the most: a reveal is for a case, not for a table`,
      number === 0 ? 'Name at least one.' : 'Ask in several calls, each with its reason.',
    );
  }
  return {
    values,
    messageIds: [...new Set(messages)],
  };
}

function describe(revealed: readonly Revealed[]): string {
  const table = new Table({
    head: ['of', 'field', 'original', 'check'],
    style: { head: [], border: [] },
  });
  table.push(
    ...revealed.map(({ messageId, field, maskedValue, original, check }) => [
      messageId ?? maskedValue ?? '',
      field,
      original === null ? '(does not open)' : printableLines(original),
      check === 'does not match' ? 'does not match the masked value' : (check ?? ''),
    ]),
  );
  return table.toString();
}
