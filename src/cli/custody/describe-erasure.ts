import { MASKED_COLUMNS } from '../../domain/login/login-columns.ts';
import type { VaultCounts } from '../../postgres/vault/erase-originals.ts';
import { EXIT } from '../exit-codes.ts';
import { printData, printMessage } from '../terminal/output.ts';
import type { erase } from './erase-everywhere.ts';
import { describeRemains, type Remains } from './what-remains.ts';

const MAX_IDS_SHOWN = 20;

export type Subject = {
  /** Of the account; undefined where values are erased. */
  logins?: number;
  vault: VaultCounts;
  /** Quarantined messages: which of them are about the subject shows when they are opened. */
  toSearch: number;
};

export const describeSubject = ({ logins, vault, toSearch }: Subject): string =>
  `the originals of ${describe(vault)}${logins === undefined ? '' : ` in ${logins} login(s)`}, and ` +
  `every message about them among ${toSearch} in quarantine`;

const NOT_OPENED = (messages: number) =>
  messages === 0
    ? ''
    : ` A dry run does not open the ${messages} message(s) in quarantine, which may name it.`;

/** A typing error must not look like an erasure. */
export function sayUnknown({ logins, toSearch }: Pick<Subject, 'logins' | 'toSearch'>): void {
  printMessage(
    logins === undefined
      ? `the vault holds no original of what was named: it was erased before, or a value is mistyped.${NOT_OPENED(toSearch)}`
      : `this account is unknown: no login of it is stored${toSearch > 0 ? '.' : ', and no quarantined message names it.'} Check the id.${NOT_OPENED(toSearch)}`,
  );
  process.exitCode = EXIT.failure;
}

/** No login of the account, or no original of the values, is stored. */
export const isUnknown = ({ logins, vault }: Pick<Subject, 'logins' | 'vault'>): boolean =>
  logins === undefined
    ? MASKED_COLUMNS.every(({ masked }) => vault[masked.plural] === 0)
    : logins === 0;

type Result = Awaited<ReturnType<typeof erase>>;

export function printResult({ vault, quarantine }: Result, remains: Remains): void {
  printData(
    `erased the originals of ${describe(vault)}, ${vault.dataKeys} data key(s) that nothing needs any more, and ` +
      `${quarantine.erased} of ${quarantine.searched} quarantined message(s)` +
      (quarantine.versions > 0 ? `, with ${quarantine.versions} earlier version(s)` : ''),
  );
  printMessage(describeRemains(remains));
}

/** What a person still has to see to. */
export function reportWhatIsLeft({
  notOpened,
  near,
  originalsNotUsable,
}: Result['quarantine']): void {
  const lines = [
    notOpened > 0 &&
      `${notOpened} quarantined message(s) do not open with this key, so nobody knows whom they are about`,
    originalsNotUsable > 0 &&
      `${originalsNotUsable} original(s) did not open or do not match their masked value: quarantine was not searched for them`,
    near.length > 0 &&
      `${near.length} quarantined message(s) may be about the subject: ${near.slice(0, MAX_IDS_SHOWN).join(' ')}` +
        `${near.length > MAX_IDS_SHOWN ? ' …' : ''}. Look at them with \`login-etl quarantine show\`, then erase ` +
        'again with --include-near, or leave them.',
  ].filter((line) => line !== false);
  for (const line of lines) printMessage(line);
  if (lines.length > 0) process.exitCode = EXIT.failure;
}

const describe = ({ shared, ...counts }: VaultCounts): string =>
  `${MASKED_COLUMNS.map(({ masked }) => `${counts[masked.plural]} ${masked.counted}`).join(' and ')}${shared > 0 ? `, ${shared} of them shared with other accounts` : ''}`;
