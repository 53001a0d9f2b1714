import type { Command } from 'commander';
import { withCustody } from '../../connect/with-custody.ts';
import { type OpenedMessage, openWithVersions } from '../../custody/open-with-versions.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { printData, printJson, printMessage, printText, styled } from '../../terminal/output.ts';

const MAX_PER_CALL = 100;

const HELP = `
Needs the database role login_etl_custodian and the vault's private key. The audit record is committed before a body
is opened; without it nothing is shown. At most ${MAX_PER_CALL} messages per call. Below the reason are all faults that a
worker would find in the body now, with MESSAGE_ENVELOPE set as here.

--versions shows each body that \`quarantine edit\` has replaced, with who replaced it and when, also of a message that
was replayed since.

Examples:
  login-etl quarantine show 5a2f… --reason "the sender asks what is wrong"
  login-etl quarantine show 5a2f… --versions --reason "who changed it?"
  login-etl quarantine show 5a2f… --reason "preparing a fix" --json
${EXIT_CODES_HELP}`;

type Options = { reason: string; versions?: boolean; json?: boolean };

export function addQuarantineShowCommand(quarantine: Command): void {
  addReasonOption(
    quarantine
      .command('show')
      .description('show the bodies of quarantined messages, with an audit record')
      .argument('<ids...>', 'message ids, as `quarantine list --messages` shows them')
      .option('--versions', 'also the bodies before each edit'),
  )
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(
      async (ids: string[], { versions = false, json, ...options }: Options, self: Command) => {
        const reason = checkReason(options.reason);
        const messageIds = [...new Set(ids)];
        if (messageIds.length > MAX_PER_CALL) {
          throw new UsageProblem(
            'these are too many messages for one call',
            `${messageIds.length} were given, and the limit is ${MAX_PER_CALL}`,
            'Use several calls, each with its reason.',
          );
        }
        await withCustody(self, async (custody) => {
          const { messages, missing } = await openWithVersions(custody, messageIds, {
            reason,
            versions,
          });
          if (json) printJson({ messages, missing });
          else for (const message of messages) show(message);
          for (const id of missing) printMessage(`not in quarantine: ${id}`);
          const whole = missing.length === 0 && messages.every(({ body }) => body !== null);
          process.exitCode = whole ? EXIT.ok : EXIT.failure;
        });
      },
    );
}

function show({ messageId, reason, faults, body, versions }: OpenedMessage): void {
  printData(`${styled('bold', messageId)}  ${reason}`);
  for (const version of versions ?? []) {
    const { number, since, by, current } = version;
    const when = since === null ? '' : ` since ${since}`;
    printData(
      `version ${number}${current ? ' (current)' : ''}, ${by === null ? 'as delivered' : `written by ${by}`}${when}`,
    );
    showBody(version);
  }
  if (versions === undefined) showBody({ faults: faults.join() === reason ? [] : faults, body });
}

function showBody({ faults, body }: Pick<OpenedMessage, 'faults' | 'body'>): void {
  for (const fault of faults) printData(`  fault: ${fault}`);
  printText(body ?? '(cannot be opened with this key)');
}
