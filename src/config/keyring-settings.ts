import { type Keyring, type KeyUse, parseKeyring } from '../crypto/keys/keyring.ts';
import { checkAwsSettings } from './aws-settings.ts';
import { type Parse, Wrong } from './declare-section.ts';
import { type Environment, type Reader, settingGiven, textOf } from './reader.ts';
import { readSecret } from './secrets-manager/read-secret.ts';

/** The setting of each keyring. */
const KEYRING_SETTINGS = { masking: 'MASKING_KEYS', payload: 'PAYLOAD_KEYS' } as const;

export const keyringParser =
  (use: KeyUse, reservedIds: readonly string[] = []): Parse<Keyring> =>
  (json) => {
    const keyring = parseKeyring(json, reservedIds, use);
    return Array.isArray(keyring) ? new Wrong(...keyring) : keyring;
  };

/** Reads the keyring in the secret with this id. MASKING_KEYS or PAYLOAD_KEYS must not be set as well. */
export function readKeyringSecret(
  reader: Reader,
  use: KeyUse,
  id: string,
  parse: Parse<Keyring>,
): Keyring | undefined {
  const name = KEYRING_SETTINGS[use];
  const setting = `${name}_SECRET_ID`;
  if (reader.given(name)) {
    reader.problem(setting, `is set, and ${name} or ${name}_FILE too: keep one of them`);
    return undefined;
  }
  const before = reader.problems.length;
  checkAwsSettings(reader);
  if (reader.problems.length > before) return undefined;
  try {
    const keyring = parse(readSecret(id, reader.env));
    if (!(keyring instanceof Wrong)) return keyring;
    for (const problem of keyring.problems)
      reader.problem(setting, `names a secret that ${problem}`);
  } catch (error) {
    reader.problem(
      setting,
      `names a secret that AWS Secrets Manager does not hand out (${(error as Error).message})`,
    );
  }
  return undefined;
}

/** Where a keyring is stored, for `login-etl keys`. */
export type KeyringPlace =
  | { kind: 'file'; setting: string; path: string }
  | { kind: 'environment'; setting: string }
  | { kind: 'secret'; setting: string; id: string };

export function keyringPlace(
  use: KeyUse,
  env: Environment = process.env,
): KeyringPlace | undefined {
  const name = KEYRING_SETTINGS[use];
  const id = textOf(`${name}_SECRET_ID`, env);
  if (id !== undefined) return { kind: 'secret', setting: `${name}_SECRET_ID`, id };
  const setting = settingGiven(name, env);
  if (setting === undefined) return undefined;
  if (setting === name) return { kind: 'environment', setting };
  return { kind: 'file', setting, path: textOf(setting, env) as string };
}
