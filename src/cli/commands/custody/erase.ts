import { type Command, Option } from 'commander';
import { readQuarantineReasons } from '../../../postgres/quarantine/read-quarantine.ts';
import {
  countOriginals,
  type EraseTarget,
  type VaultCounts,
} from '../../../postgres/vault/erase-originals.ts';
import { withCustody } from '../../connect/with-custody.ts';
import { erase, refuseWhileReplayed } from '../../custody/erase-everywhere.ts';
import { describeRemains, readRemains } from '../../custody/what-remains.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { parseMaskedValue } from '../../options/masked-value.ts';
import { addReasonOption, checkReason } from '../../options/reason-option.ts';
import { UsageProblem } from '../../options/usage-problem.ts';
import { confirm } from '../../terminal/confirm.ts';
import { printData, printJson, printMessage } from '../../terminal/output.ts';

const MAX_VALUES = 100;

const HELP = `
Takes originals out of the vault, and quarantined messages that hold them: nobody can turn the masked values back any
more. Rows of user_logins stay, with their masked values. Every quarantined body is opened to see whose it is, so it
needs the vault's private key as well as the custodian's database role. What was erased is counted on the record.

--user erases the originals of all the account's logins, also where other accounts share them: the data are the
user's. How many were shared is reported; --keep-shared leaves those in the vault.

Examples:
  login-etl erase --user 4711 --reason "request of 2026-11-20, art. 17" --dry-run
  login-etl erase --user 4711 --reason "request of 2026-11-20, art. 17"
  login-etl erase --device 9f86d081884c7d65… --reason "case 12" --yes --json
${EXIT_CODES_HELP}`;

type Options = {
  user?: string;
  device?: string[];
  ip?: string[];
  keepShared?: boolean;
  reason: string;
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
};

export function addEraseCommand(program: Command): void {
  const command = program
    .command('erase')
    .description("forget originals: a user's, a device's or an address'")
    .addOption(
      new Option('--user <id>', 'of all logins of this account').conflicts(['device', 'ip']),
    )
    .option('--device <masked value...>', 'masked_device_id, as user_logins has it')
    .option('--ip <masked value...>', 'masked_ip, as user_logins has it')
    .option('--keep-shared', 'with --user: not what other accounts have, too');
  addReasonOption(command)
    .option('--dry-run', 'open and erase nothing, say what is there')
    .option('--yes', 'do not ask')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (options: Options, self: Command) => {
      const reason = checkReason(options.reason);
      const target = parseTarget(options);
      await withCustody(self, async (custody) => {
        const { pool } = custody;
        const there = await countOriginals(pool, target);
        const quarantined = await readQuarantineReasons(pool);
        const toSearch = quarantined.reduce((sum, { messages }) => sum + messages, 0);
        if (options.dryRun) {
          if (options.json) printJson({ dryRun: true, vault: there, toSearch });
          else
            printData(
              `would erase ${describe(there)}; would search ${toSearch} quarantined message(s)`,
            );
          return;
        }
        await refuseWhileReplayed(pool);
        await confirm(
          `${describe(there)} will be erased, and ${toSearch} quarantined message(s) searched.`,
          options.yes,
        );
        const { vault, quarantine, auditId } = await erase(custody, target, reason);
        const remains = await readRemains();
        if (options.json) printJson({ auditId, vault, quarantine, remains });
        else {
          printData(
            `erased ${describe(vault)}, ${vault.dataKeys} data key(s) that nothing needs any more, and ` +
              `${quarantine.erased} of ${quarantine.searched} quarantined message(s)`,
          );
          printMessage(describeRemains(remains));
        }
        if (quarantine.notOpened === 0) return;
        printMessage(
          `${quarantine.notOpened} quarantined message(s) do not open with this key: whose they are is not known`,
        );
        process.exitCode = EXIT.failure;
      });
    });
}

function parseTarget({ user, device = [], ip = [], keepShared = false }: Options): EraseTarget {
  const values = [
    ...device.map((text) => parseMaskedValue('device_id', text)),
    ...ip.map((text) => parseMaskedValue('ip', text)),
  ];
  const nothing = user === undefined ? values.length === 0 : user.trim() === '';
  if (nothing || values.length > MAX_VALUES || (keepShared && user === undefined)) {
    throw new UsageProblem(
      'it is not clear what to erase',
      `it takes --user, alone or with --keep-shared, or ${MAX_VALUES} masked values at most`,
      'Name an account, or values by --device and --ip.',
    );
  }
  return user === undefined ? { values } : { userId: user, keepShared };
}

const describe = ({ ips, devices, shared }: VaultCounts): string =>
  `${ips} address(es) and ${devices} device(s)${shared > 0 ? `, ${shared} of them shared with other accounts` : ''}`;
