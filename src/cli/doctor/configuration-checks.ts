import { type Config, ConfigError, loadConfig } from '../../config/config.ts';
import { exposedKeyFiles } from '../../config/exposed-key-files.ts';
import type { Section } from '../../config/settings.ts';
import { type CheckList, type Finding, failed, ok, warning } from './check.ts';

const CONFIGURATION = 'configuration';
const SECTIONS: readonly Section[] = [
  'sqs',
  'postgres',
  'temporal',
  'masking',
  'payloads',
  'vault',
  'worker',
];

/** The sections that are complete, and the problems of the others. */
type Configuration = { config: Partial<Config>; problems: string[] };

export function readConfiguration(): Configuration {
  const config: Partial<Config> = {};
  const problems: string[] = [];
  for (const section of SECTIONS) {
    try {
      Object.assign(config, loadConfig([section]));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  return { config, problems };
}

export function configurationChecks({ config, problems }: Configuration): CheckList {
  return {
    checks: [
      {
        name: CONFIGURATION,
        run: () =>
          problems.length === 0
            ? ok('complete')
            : failed(problems.join('\n'), 'Set them in the environment, or with --env-file PATH.'),
      },
      { name: 'masking keys', run: () => maskingKeys(config.masking) },
      { name: 'payload keys', run: () => payloadKeys(config.payloads) },
      { name: 'vault public key', run: () => vaultKey(config.vault) },
      { name: 'key files', run: keyFiles },
    ],
  };
}

/** For a part whose settings are already listed as missing. */
export const notConfigured = (): Finding =>
  warning('not checked', `Fix this first: ${CONFIGURATION}.`);

function keyFiles(): Finding {
  const exposed = exposedKeyFiles([...SECTIONS, 'custodian', 'codecServer']);
  return exposed.length === 0
    ? ok('only their owner can read and replace them')
    : warning(
        exposed.join('\n'),
        'Change the modes as it says, and replace keys that somebody may have read.',
      );
}

function maskingKeys(masking: Config['masking'] | undefined): Finding {
  if (!masking) return notConfigured();
  if (masking.mode === 'sha256') {
    return warning(
      'MASKING_MODE is sha256: anyone can reverse the hash of an IPv4 address',
      'Use hmac-sha256 unless the values must match existing ones.',
    );
  }
  const { keys } = masking;
  return keys
    ? ok(`hmac-sha256, active key ${keys.activeId} of ${keys.keys.size}`)
    : notConfigured();
}

function payloadKeys(payloads: Config['payloads'] | undefined): Finding {
  if (!payloads) return notConfigured();
  const { activeId, keys } = payloads.keys;
  return ok(`active key ${activeId} of ${keys.size}`);
}

const vaultKey = (vault: Config['vault'] | undefined): Finding =>
  vault ? ok(`key ${vault.publicKey.id}`) : notConfigured();
