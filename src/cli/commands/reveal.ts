import Table from 'cli-table3';
import type { Command } from 'commander';
import { originalOpener, refuseOtherVaultKeys } from '../../crypto/open-originals.ts';
import { openQuarantined } from '../../crypto/open-quarantined.ts';
import type { MaskedField } from '../../domain/masking.ts';
import type { MaskedValue } from '../../domain/sealed-original.ts';
import { type LoginValues, readLoginValues } from '../../postgres/read-login-values.ts';
import { readOriginals } from '../../postgres/read-originals.ts';
import { readSealedMessages } from '../../postgres/read-quarantine.ts';
import { EXIT, EXIT_CODES_HELP } from '../exit-codes.ts';
import { parseMaskedValue } from '../masked-value.ts';
import { printData, printJson, printMessage } from '../output.ts';
import { printable } from '../printable.ts';
import { addReasonOption, checkReason } from '../reason-option.ts';
import { recordFirst } from '../record-first.ts';
import { UsageProblem } from '../usage-problem.ts';
import { type Custody, withCustody } from '../with-custody.ts';

/** A call is for a case, not for a table. */
const MAX_PER_CALL = 100;
/** As many bodies as there may be of the largest. */
const PAGE = { limit: MAX_PER_CALL, maxBytes: MAX_PER_CALL * 1_100_000 };

const HELP = `
Needs the custodian's database role and the vault's private key (VAULT_PRIVATE_KEY, its _FILE, or VAULT_KMS_KEY_ID).
The audit record, with who, when, why and which masked values, is committed before anything is opened. Without it
nothing is shown. At most ${MAX_PER_CALL} values and messages a call.

--message shows both values of a stored login, or the body of a quarantined message.

Examples:
  login-etl reveal --ip 9f86d081884c7d65… --reason "case 4711, court order of 2026-11-20"
  login-etl reveal --device HASH HASH --reason "fraud case 4712" --json
  login-etl reveal --message 5a2f… --reason "support request 99, with the user's consent"
${EXIT_CODES_HELP}`;

type Options = {
  device?: string[];
  ip?: string[];
  message?: string[];
  reason: string;
  json?: boolean;
};

type Wanted = { values: MaskedValue[]; messageIds: string[] };

export type Revealed = {
  messageId?: string;
  field: MaskedField | 'body';
  maskedValue?: string;
  /** Null: it is there, and does not open with this key. */
  original: string | null;
};

export function addRevealCommand(program: Command): void {
  addReasonOption(
    program
      .command('reveal')
      .description('show the originals of masked values, on the record')
      .option('--device <masked value...>', 'masked_device_id, as user_logins has it')
      .option('--ip <masked value...>', 'masked_ip, as user_logins has it')
      .option('--message <id...>', 'what a message held, by its id'),
  )
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action(async ({ reason, json, ...options }: Options, command: Command) => {
      const why = checkReason(reason);
      const wanted = parse(options);
      const { revealed, missing, auditId } = await withCustody(command, (custody) =>
        reveal(custody, wanted, why),
      );
      if (json) printJson({ auditId, revealed, missing });
      else if (revealed.length > 0) printData(describe(revealed));
      for (const one of missing) printMessage(`not there: ${one}`);
      const whole = missing.length === 0 && revealed.every(({ original }) => original !== null);
      process.exitCode = whole ? EXIT.ok : EXIT.failure;
    });
}

function parse({ device = [], ip = [], message = [] }: Partial<Options>): Wanted {
  const number = device.length + ip.length + message.length;
  if (number === 0 || number > MAX_PER_CALL) {
    throw new UsageProblem(
      number === 0 ? 'there is nothing to reveal' : 'that is too much for one call',
      number === 0
        ? 'neither --device, --ip nor --message was given'
        : `it asks for ${number}, and ${MAX_PER_CALL} is the most: a reveal is for a case, not for a table`,
      number === 0 ? 'Name at least one.' : 'Ask in several calls, each with its reason.',
    );
  }
  return {
    values: [
      ...device.map((text) => parseMaskedValue('device_id', text)),
      ...ip.map((text) => parseMaskedValue('ip', text)),
    ],
    messageIds: [...new Set(message)],
  };
}

const key = ({ field, maskedHex }: MaskedValue): string => `${field} ${maskedHex}`;

async function reveal({ pool, privateKey }: Custody, { values, messageIds }: Wanted, why: string) {
  const logins = await readLoginValues(pool, messageIds);
  const bodies = messageIds.length > 0 ? await readSealedMessages(pool, { messageIds }, PAGE) : [];
  const wanted: { value: MaskedValue; messageId?: string }[] = [
    ...values.map((value) => ({ value })),
    ...logins.flatMap(valuesOf),
  ];
  const distinct = new Map(wanted.map(({ value }) => [key(value), value]));
  const sealed = new Map(
    (await readOriginals(pool, [...distinct.values()])).map((row) => [key(row), row]),
  );
  const known = new Set([...logins, ...bodies].map(({ messageId }) => messageId));
  const missing = [
    ...[...distinct.keys()].filter((name) => !sealed.has(name)),
    ...messageIds.filter((id) => !known.has(id)).map((id) => `message ${id}`),
  ];
  if (sealed.size + bodies.length === 0) return { revealed: [], missing, auditId: null };
  refuseOtherVaultKeys([...sealed.values(), ...bodies], privateKey);

  const { id } = await recordFirst(pool, {
    action: 'reveal',
    reason: why,
    detail: {
      ips: [...sealed.values()].filter(({ field }) => field === 'ip').map((row) => row.maskedHex),
      devices: [...sealed.values()]
        .filter(({ field }) => field === 'device_id')
        .map((row) => row.maskedHex),
      messageIds: [...known],
      originals: sealed.size,
      bodies: bodies.length,
      missing: missing.length,
    },
  });

  const openOriginal = originalOpener(privateKey);
  const revealed: Revealed[] = [];
  for (const { value, messageId } of wanted) {
    const row = sealed.get(key(value));
    if (!row) continue;
    revealed.push({
      ...(messageId !== undefined && { messageId }),
      field: value.field,
      maskedValue: value.maskedHex,
      original: (await openOriginal(row)) ?? null,
    });
  }
  for (const body of bodies) {
    const original = (await openQuarantined(body, privateKey)) ?? null;
    revealed.push({ messageId: body.messageId, field: 'body', original });
  }
  return { revealed, missing, auditId: id };
}

const valuesOf = ({ messageId, maskedIp, maskedDeviceId }: LoginValues) => [
  { messageId, value: { field: 'ip' as const, maskedHex: maskedIp } },
  { messageId, value: { field: 'device_id' as const, maskedHex: maskedDeviceId } },
];

function describe(revealed: readonly Revealed[]): string {
  const table = new Table({
    head: ['of', 'field', 'original'],
    style: { head: [], border: [] },
  });
  table.push(
    ...revealed.map(({ messageId, field, maskedValue, original }) => [
      messageId ?? maskedValue ?? '',
      field,
      original === null ? '(does not open)' : printable(original),
    ]),
  );
  return table.toString();
}
