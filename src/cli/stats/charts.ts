import type { Ranking, Shared, Stats } from '../../postgres/logins/read-stats.ts';
import { shortMasked } from '../rows/short-masked.ts';
import { printable } from '../terminal/printable.ts';

export type Bar = { label: string; value: number; note?: string };
export type Chart = { title: string; unit: string; kind: 'days' | 'ranking'; bars: Bar[] };

/** What is drawn, on a terminal as on the page: labels are safe to print, and masked values shortened. */
export function charts(stats: Stats): Chart[] {
  return [
    {
      title: 'Logins per day (UTC)',
      unit: 'logins',
      kind: 'days',
      bars: stats.days.map(({ value, logins }) => ({ label: value ?? '', value: logins })),
    },
    ranked('Device types', stats.deviceTypes),
    ranked('Locales', stats.locales),
    ranked('App versions', stats.appVersions),
    shared('Devices shared by most accounts', stats.sharedDevices),
    shared('Addresses shared by most accounts', stats.sharedAddresses),
  ];
}

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

/** What has to be known to read the charts right. */
export function remarks({ since, logins, accounts, maskKeyIds }: Stats): string[] {
  const total = `${logins.toLocaleString('en')} logins of ${accounts.toLocaleString('en')} accounts since ${since}`;
  if (maskKeyIds.length < 2) return [total];
  return [
    total,
    `masked with ${maskKeyIds.length} keys (${maskKeyIds.map(printable).join(', ')}): a device or an address counts again under each`,
  ];
}
