import { printable } from '../../domain/printable.ts';
import type { Ranking, Shared, Stats } from '../../postgres/logins/read-stats.ts';
import { shortMasked } from '../rows/short-masked.ts';

export type Bar = { label: string; value: number; note?: string };
export type Chart = { title: string; unit: string; kind: 'days' | 'ranking'; bars: Bar[] };

/** The charts of the terminal and of the page. Labels are safe to show, and masked values shortened. */
export function charts(stats: Stats): Chart[] {
  return [
    {
      title: 'Logins per day (UTC)',
      unit: 'logins',
      kind: 'days',
      bars: fromFirstLogin(stats.days).map(({ value, logins }) => ({
        label: value ?? '',
        value: logins,
      })),
    },
    ranked('Logins by device type', stats.deviceTypes),
    ranked('Logins by locale', stats.locales),
    ranked('Logins by app version', stats.appVersions),
    shared('Accounts per shared device', stats.sharedDevices),
    shared('Accounts per shared IP address', stats.sharedAddresses),
  ];
}

/** Gaps between days with logins are shown; days before the first login say nothing. */
const fromFirstLogin = (days: Stats['days']): Stats['days'] => {
  const first = days.findIndex(({ logins }) => logins > 0);
  return first < 0 ? [] : days.slice(first);
};

function ranked(title: string, { top, others }: Ranking): Chart {
  const bars = top.map(({ value, logins }) => ({
    label: value === null ? '(none)' : printable(value),
    value: logins,
  }));
  return {
    title,
    unit: 'logins',
    kind: 'ranking',
    bars: others > 0 ? [...bars, { label: '(others)', value: others }] : bars,
  };
}

const shared = (title: string, values: readonly Shared[]): Chart => ({
  title,
  unit: 'accounts',
  kind: 'ranking',
  bars: values.map(({ value, accounts, logins }) => ({
    label: shortMasked(printable(value)),
    value: accounts,
    note: `${logins.toLocaleString('en')} logins`,
  })),
});

/** What a reader of the charts must know. */
export function remarks({ since, logins, accounts, maskKeyIds }: Stats): string[] {
  const total = `${logins.toLocaleString('en')} logins of ${accounts.toLocaleString('en')} accounts since ${since}`;
  if (maskKeyIds.length < 2) return [total];
  return [
    total,
    `masked with ${maskKeyIds.length} keys (${maskKeyIds.map(printable).join(', ')}): the same device or address has another masked value under each key, and is counted once per key`,
  ];
}
