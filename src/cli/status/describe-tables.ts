import { monthsAhead, type TablesState } from '../../domain/tables/tables-state.ts';

export function describeTables(state: TablesState, now: Date): string[] {
  const { defaultRows, maintainedAt, retention } = state;
  const strays = defaultRows > 0 ? `${defaultRows} row(s)` : 'nothing';
  const kept = retention?.policy.loginMonths;
  const waiting = retention?.waiting.length ?? 0;
  return [
    `${monthsAhead(state, now)} months ahead, ${strays} in the default partition, maintenance: ${maintainedAt ? minute(maintainedAt) : 'none yet'}`,
    retention === null
      ? 'retention: off, or not applied yet'
      : `retention: ${kept === undefined ? 'off' : `${kept} months`}, applied ${minute(retention.at)}${waiting > 0 ? `, ${waiting} month(s) wait` : ''}`,
  ];
}

const minute = (date: Date): string => `${date.toISOString().slice(0, 16)}Z`;
