import { keyInBoth } from '../crypto/keys/keyring.ts';
import { type Environment, Reader, settingGiven } from './reader.ts';
import { SECTIONS, type Section } from './settings.ts';

export type Config = {
  [S in Section]: NonNullable<ReturnType<(typeof SECTIONS)[S]['read']>>;
};

/** Lists all problems with the names of the settings, never with their values. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the configuration is not complete:\n${problems.map((line) => `  ${line}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * Reads the given sections.
 * @throws ConfigError naming each missing or invalid setting
 */
export function loadConfig<S extends Section>(
  sections: readonly S[],
  env: Environment = process.env,
): Pick<Config, S> {
  const reader = new Reader(env);
  const asked: ReadonlySet<Section> = new Set(sections);
  if (asked.has('worker') && !asked.has('custodian')) refuseVaultOpener(reader);
  const config = Object.fromEntries(sections.map((name) => [name, SECTIONS[name].read(reader)]));
  refuseSharedKey(reader, config);
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return config as Pick<Config, S>;
}

/** A worker must not be able to open the vault, nor the codec server, which reads the worker's log settings. */
function refuseVaultOpener(reader: Reader): void {
  for (const setting of ['VAULT_PRIVATE_KEY', 'VAULT_KMS_KEY_ID']) {
    const name = settingGiven(setting, reader.env);
    if (name === undefined) continue;
    reader.problem(
      name,
      'is set: a worker must not hold it, nor the codec server. Take it out of the environment',
    );
  }
}

/** A shared key would let a process that masks open payloads, and the reverse. */
function refuseSharedKey(reader: Reader, { masking, payloads }: Partial<Config>): void {
  const shared = masking?.keys && payloads?.keys && keyInBoth(payloads.keys, masking.keys);
  if (shared === undefined) return;
  reader.problem(
    'PAYLOAD_KEYS',
    `key ${shared} is also a key of MASKING_KEYS: make one of its own`,
  );
}
