import type { Command } from 'commander';
import type { Pool } from 'pg';
import { editorCommand } from '../../../config/process-environment.ts';
import { refuseOtherVaultKeys } from '../../../crypto/vault/open-originals.ts';
import { openQuarantined } from '../../../crypto/vault/open-quarantined.ts';
import { newDataKey, sealBody } from '../../../crypto/vault/vault-envelope.ts';
import { parseLoginEvent } from '../../../domain/login/login-event.ts';
import { Problem } from '../../../errors/problem.ts';
import { appendAuditRecord } from '../../../postgres/audit/append-audit-record.ts';
import { boundedTransaction } from '../../../postgres/bounded-transaction.ts';
import {
  readSealedMessages,
  type SealedMessage,
} from '../../../postgres/quarantine/read-quarantine.ts';
import { resealQuarantined } from '../../../postgres/quarantine/reseal-quarantined.ts';
import { tryReadSettings } from '../../connect/read-settings.ts';
import { type Custody, withCustody } from '../../connect/with-custody.ts';
import { recordFirst } from '../../custody/record-first.ts';
import { EXIT_CODES_HELP } from '../../exit-codes.ts';
import { checkSize, readBody } from '../../options/body-option.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { editText } from '../../terminal/edit-text.ts';
import { printJson, printMessage } from '../../terminal/output.ts';

const HELP = `
Opens the body in $VISUAL, $EDITOR or vi, as a file that only you can read and that is deleted afterwards, in memory
if the system has /dev/shm. The new body is sealed again. The message keeps its id, so it cannot be stored twice. To
process it use \`login-etl quarantine replay\`. Both opening and changing it leave an audit record.

The new body is read as a worker reads it: MESSAGE_ENVELOPE has to be set as it is there.

Examples:
  login-etl quarantine edit 5a2f… --reason "case 12: the sender's typo"
  login-etl quarantine edit 5a2f… --set-body-file fixed.json --reason "case 12"
  jq -c .message fixed.json | login-etl quarantine edit 5a2f… --set-body-file - --reason "case 12"
${EXIT_CODES_HELP}`;

type Options = { setBodyFile?: string; reason: string; json?: boolean };

export function addQuarantineEditCommand(quarantine: Command): void {
  addReasonOption(
    quarantine
      .command('edit')
      .description('change the body of a quarantined message, with an audit record')
      .argument('<id>', 'message id, as `quarantine list --messages` shows it')
      .option('--set-body-file <path>', 'take the new body from a file; - for standard input'),
  )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (messageId: string, options: Options, command: Command) => {
      const reason = checkReason(options.reason);
      const given =
        options.setBodyFile === undefined ? undefined : await readBody(options.setBodyFile);
      await withCustody(command, async (custody) => {
        const message = await findMessage(custody.pool, messageId);
        const body = given ?? (await editBody(custody, message, reason));
        const auditId = body === undefined ? null : await change(custody, message, body, reason);
        const envelope = tryReadSettings(['sqs'])?.sqs.envelope;
        const rule = body === undefined ? undefined : parseLoginEvent(body, envelope).reason;
        if (options.json) {
          printJson({ messageId, changed: body !== undefined, reason: rule ?? null, auditId });
        } else if (body === undefined) printMessage('nothing was changed');
        else
          printMessage(rule === undefined ? fixed(messageId) : `still not a login event: ${rule}`);
      });
    });
}

const fixed = (messageId: string): string =>
  `it is a login event now; to process it run \`login-etl quarantine replay ${messageId} --reason "…"\``;

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
  const edited = await editText(body, editorCommand());
  if (edited === body) return undefined;
  checkSize(edited);
  return edited;
}

/** One transaction: no change without its record. */
async function change(
  { pool, privateKey }: Custody,
  message: SealedMessage,
  body: string,
  reason: string,
): Promise<string> {
  const { messageId, sealedBody: before } = message;
  const sealedBody = sealBody(newDataKey(privateKey.publicKey), body, messageId);
  return boundedTransaction(pool, undefined, async (client) => {
    const vaultKeyId = privateKey.id;
    if (!(await resealQuarantined(client, { messageId, before, sealedBody, vaultKeyId }))) {
      throw new Problem(
        'the message was not changed',
        'in the meantime it was changed, removed, or released for a replay',
        'Look at it again: `login-etl quarantine list --messages`.',
      );
    }
    const detail = { messageId, step: 'changed', bytes: Buffer.byteLength(body) };
    return (await appendAuditRecord(client, { action: 'quarantine-edit', reason, detail })).id;
  });
}
