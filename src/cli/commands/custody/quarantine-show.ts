import type { Command } from 'commander';
import { refuseOtherVaultKeys } from '../../../crypto/vault/open-originals.ts';
import { openQuarantined } from '../../../crypto/vault/open-quarantined.ts';
import { readSealedMessages } from '../../../postgres/quarantine/read-quarantine.ts';
import { withCustody } from '../../connect/with-custody.ts';
import { recordFirst } from '../../custody/record-first.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { printData, printJson, printMessage, printText, styled } from '../../terminal/output.ts';

const MAX_PER_CALL = 100;
/** Room for messages of the largest size. */
const PAGE = { limit: MAX_PER_CALL, maxBytes: MAX_PER_CALL * 1_100_000 };

const HELP = `
Needs the database role login_etl_custodian and the vault's private key. The audit record is committed before a body
is opened; without it nothing is shown. At most ${MAX_PER_CALL} messages per call.

Examples:
  login-etl quarantine show 5a2f… --reason "the sender asks what is wrong"
  login-etl quarantine show 5a2f… --reason "preparing a fix" --json
${EXIT_CODES_HELP}`;

export function addQuarantineShowCommand(quarantine: Command): void {
  addReasonOption(
    quarantine
      .command('show')
      .description('show the bodies of quarantined messages, with an audit record')
      .argument('<ids...>', 'message ids, as `quarantine list --messages` shows them'),
  )
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(
      async (
        ids: string[],
        { reason, json }: { reason: string; json?: boolean },
        command: Command,
      ) => {
        const why = checkReason(reason);
        const messageIds = [...new Set(ids)];
        if (messageIds.length > MAX_PER_CALL) {
          throw new UsageProblem(
            'these are too many messages for one call',
            `${messageIds.length} were given, and the limit is ${MAX_PER_CALL}`,
            'Use several calls, each with its reason.',
          );
        }
        await withCustody(command, async ({ pool, privateKey }) => {
          const found = await readSealedMessages(pool, { messageIds }, PAGE);
          const known = found.map(({ messageId }) => messageId);
          const missing = messageIds.filter((id) => !known.includes(id));
          const shown = [];
          if (found.length > 0) {
            refuseOtherVaultKeys(found, privateKey);
            const detail = { messageIds: known };
            await recordFirst(pool, { action: 'quarantine-show', reason: why, detail });
          }
          for (const message of found) {
            const body = (await openQuarantined(message, privateKey)) ?? null;
            shown.push({ messageId: message.messageId, reason: message.reason, body });
          }
          if (json) printJson({ messages: shown, missing });
          else for (const one of shown) show(one);
          for (const id of missing) printMessage(`not in quarantine: ${id}`);
          const whole = missing.length === 0 && shown.every(({ body }) => body !== null);
          process.exitCode = whole ? EXIT.ok : EXIT.failure;
        });
      },
    );
}

function show(one: { messageId: string; reason: string; body: string | null }): void {
  printData(`${styled('bold', one.messageId)}  ${one.reason}`);
  printText(one.body ?? '(cannot be opened with this key)');
}
