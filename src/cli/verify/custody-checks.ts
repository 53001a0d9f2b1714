import { originalOpener } from '../../crypto/vault/open-originals.ts';
import { openQuarantined } from '../../crypto/vault/open-quarantined.ts';
import { ADOPTED_ID } from '../../domain/login/masking.ts';
import type { MaskedValue } from '../../domain/login/sealed-original.ts';
import { readSealedMessages } from '../../postgres/quarantine/read-quarantine.ts';
import { type MaskSample, readMaskSamples } from '../../postgres/recovery/restored-state.ts';
import { readOriginals } from '../../postgres/vault/read-originals.ts';
import type { Custody } from '../connect/with-custody.ts';
import { type Check, type Finding, failed, ok, warning } from '../doctor/check.ts';

const ROWS_PER_KEY = 20;
const HEX = /^([0-9a-f]{2})+$/;
const KEY_ADVICE = 'Check VAULT_PRIVATE_KEY or VAULT_KMS_KEY_ID, or restore from another backup.';

/** They open what is sealed, after a record in the audit log. */
export function custodyChecks({ pool, privateKey, maskers }: Custody): Check[] {
  const open = originalOpener(privateKey);
  return [
    {
      name: 'quarantine',
      async run() {
        const [message] = await readSealedMessages(pool, {}, { limit: 1, maxBytes: 1 });
        if (!message) return ok('it is empty');
        return (await openQuarantined(message, privateKey)) === undefined
          ? failed(`message ${message.messageId} does not open`, KEY_ADVICE)
          : ok('a message opens');
      },
    },
    {
      name: 'masks and originals',
      async run() {
        const samples = await readMaskSamples(pool, ROWS_PER_KEY);
        const byKey = Map.groupBy(samples, ({ keyId }) => keyId);
        const findings: Finding[] = [];
        for (const [keyId, rows] of byKey) findings.push(await checkKey(keyId, rows));
        return worst(findings);
      },
    },
  ];

  /** An original of the key opens, and is masked to what the row has. */
  async function checkKey(keyId: string, rows: readonly MaskSample[]): Promise<Finding> {
    if (keyId === ADOPTED_ID) return ok(`${keyId}: rows of before, which have no originals`);
    const masker = maskers.get(keyId);
    const values = rows.flatMap(valuesOf);
    const [sealed] = await readOriginals(pool, values);
    if (!sealed) {
      return warning(
        `${keyId}: none of ${values.length} masked values has an original`,
        'They may have been erased: check another row with `login-etl reveal`.',
      );
    }
    const original = await open(sealed);
    if (original === undefined) return failed(`${keyId}: an original does not open`, KEY_ADVICE);
    if (!masker) {
      return failed(
        `${keyId}: MASKING_KEYS does not hold this key of rows`,
        'Add it: find, and messages that come again, need it.',
      );
    }
    return masker.mask(sealed.field, original) === sealed.maskedHex
      ? ok(`${keyId}: an original opens and has the row's mask`)
      : failed(
          `${keyId}: an original has another mask`,
          'MASKING_KEYS has another key by this id.',
        );
  }
}

const valuesOf = ({ maskedIp, maskedDeviceId }: MaskSample): MaskedValue[] =>
  (
    [
      { field: 'ip', maskedHex: maskedIp ?? '' },
      { field: 'device_id', maskedHex: maskedDeviceId ?? '' },
    ] as const
  ).filter(({ maskedHex }) => HEX.test(maskedHex));

/** One finding for all keys, each in a line. */
function worst(findings: readonly Finding[]): Finding {
  if (findings.length === 0) return ok('there are no rows');
  const detail = findings.map((finding) => finding.detail).join('\n');
  const bad =
    findings.find(({ status }) => status === 'failed') ??
    findings.find(({ status }) => status === 'warning');
  return bad ? { ...bad, detail } : ok(detail);
}
