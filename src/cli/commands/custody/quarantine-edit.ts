import type { Command } from 'commander';
import type { Pool } from 'pg';
import { editorCommand } from '../../../config/process-environment.ts';
import { refuseOtherVaultKeys } from '../../../crypto/vault/open-originals.ts';
import { openQuarantined } from '../../../crypto/vault/open-quarantined.ts';
import { newDataKey, sealBody } from '../../../crypto/vault/vault-envelope.ts';
import { Problem } from '../../../errors/problem.ts';
import { appendAuditRecord } from '../../../postgres/audit/append-audit-record.ts';
import { boundedTransaction } from '../../../postgres/bounded-transaction.ts';
import {
  readSealedMessages,
  type SealedMessage,
} from '../../../postgres/quarantine/read-quarantine.ts';
import { resealQuarantined } from '../../../postgres/quarantine/reseal-quarantined.ts';
import { type Custody, withCustody } from '../../connect/with-custody.ts';
import { presentFaults } from '../../custody/present-faults.ts';
import { recordFirst } from '../../custody/record-first.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { checkSize, readBody } from '../../options/body-option.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { editText } from '../../terminal/edit-text.ts';
import { printJson, printMessage } from '../../terminal/output.ts';
import { ask } from '../../terminal/read-input.ts';

const HELP = `
Opens the body in $VISUAL, $EDITOR or vi, as a file that only you can read and that is deleted afterwards, in memory
if the system has /dev/shm. The new body is sealed again, and the one before stays, sealed as it was: \`quarantine show
--versions\` shows who replaced it and when. The message keeps its id, so it cannot be stored twice. To process it use
\`login-etl quarantine replay\`. Both opening and changing it leave an audit record.

A body that would be quarantined again is refused, unless --force is given. It is read as a worker reads it:
MESSAGE_ENVELOPE has to be set as it is there.

Examples:
  login-etl quarantine edit 5a2f… --reason "case 12: the sender's typo"
  login-etl quarantine edit 5a2f… --set-body-file fixed.json --reason "case 12"
  jq -c .message fixed.json | login-etl quarantine edit 5a2f… --set-body-file - --reason "case 12"
${EXIT_CODES_HELP}`;

type Options = { setBodyFile?: string; force?: boolean; reason: string; json?: boolean };

export function addQuarantineEditCommand(quarantine: Command): void {
  addReasonOption(
    quarantine
      .command('edit')
      .description('change the body of a quarantined message, with an audit record')
      .argument('<id>', 'message id, as `quarantine list --messages` shows it')
      .option('--set-body-file <path>', 'take the new body from a file; - for standard input')
      .option('--force', 'also take a body that would be quarantined again'),
  )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (messageId: string, options: Options, command: Command) => {
      const { force = false, json } = options;
      const reason = checkReason(options.reason);
      const given =
        options.setBodyFile === undefined ? undefined : await readBody(options.setBodyFile);
      await withCustody(command, async (custody) => {
        const message = await findMessage(custody.pool, messageId);
        const body = given ?? (await editBody(custody, message, reason, force));
        const faults = body === undefined ? [] : presentFaults(body);
        if (!force) refuseFaulty(faults);
        const auditId =
          body === undefined ? null : await change(custody, message, { body, faults }, reason);
        if (json) {
          const changed = body !== undefined;
          printJson({ messageId, changed, reason: faults[0] ?? null, faults, auditId });
        } else if (body === undefined) printMessage('nothing was changed');
        else printMessage(faults.length === 0 ? fixed(messageId) : stillBad(faults));
      });
    });
}

const fixed = (messageId: string): string =>
  `it is a login event now; to process it run \`login-etl quarantine replay ${messageId} --reason "…"\``;

const stillBad = (faults: readonly string[]): string =>
  `still not a login event: ${faults.join('; ')}`;

function refuseFaulty(faults: readonly string[]): void {
  if (faults.length === 0) return;
  throw new Problem(
    'the message was not changed',
    `the new body is not a login event either: ${faults.join('; ')}`,
    'Correct it, or add --force to take it nevertheless.',
  );
}

async function findMessage(pool: Pool, messageId: string): Promise<SealedMessage> {
  const [message] = await readSealedMessages(
    pool,
    { messageIds: [messageId] },
    { limit: 1, maxBytes: 0 },
  );
  if (message) return message;
  throw new Problem(
    'there is nothing to edit',
    `quarantine has no message ${messageId}`,
    'See `login-etl quarantine list --messages`.',
  );
}

/** @returns undefined when the person did not change it */
async function editBody(
  { pool, privateKey }: Custody,
  message: SealedMessage,
  reason: string,
  force: boolean,
): Promise<string | undefined> {
  refuseOtherVaultKeys([message], privateKey);
  const detail = { messageId: message.messageId, step: 'opened' };
  await recordFirst(pool, { action: 'quarantine-edit', reason, detail });
  const body = await openQuarantined(message, privateKey);
  if (body === undefined) {
    throw new Problem(
      'the message cannot be opened',
      'its sealed body was damaged or tampered with',
      'Give a new body with --set-body-file, or discard it.',
    );
  }
  let edited = body;
  do edited = await editText(edited, editorCommand());
  while (edited !== body && !force && (await wantsAnotherTry(edited)));
  if (edited === body) return undefined;
  checkSize(edited);
  return edited;
}

/** Without it the work in the editor would be lost. */
async function wantsAnotherTry(edited: string): Promise<boolean> {
  const faults = presentFaults(edited);
  if (faults.length === 0 || !process.stdin.isTTY) return false;
  printMessage(stillBad(faults));
  return !/^n/i.test((await ask('Edit it again? [Y/n] ')).trim() || 'y');
}

/** One transaction: no change without its record. */
async function change(
  { pool, privateKey }: Custody,
  { messageId, sealedBody: before }: SealedMessage,
  { body, faults }: { body: string; faults: readonly string[] },
  reason: string,
): Promise<string> {
  const sealedBody = sealBody(newDataKey(privateKey.publicKey), body, messageId);
  return boundedTransaction(pool, undefined, async (client) => {
    const vaultKeyId = privateKey.id;
    const resealed = { messageId, before, sealedBody, vaultKeyId, faults };
    if (!(await resealQuarantined(client, resealed))) {
      throw new Problem(
        'the message was not changed',
        'in the meantime it was changed, removed, or released for a replay',
        'Look at it again: `login-etl quarantine list --messages`.',
      );
    }
    const detail = { messageId, step: 'changed', bytes: Buffer.byteLength(body), faults };
    return (await appendAuditRecord(client, { action: 'quarantine-edit', reason, detail })).id;
  });
}
