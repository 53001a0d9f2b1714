import { terminalWidth } from '../terminal/output.ts';
import { renderTable } from '../terminal/table.ts';

/** What a value masks to under one key. */
export type MaskedUnderKey = { maskKeyId: string; maskedValue: string };

export const maskedValuesTable = (values: readonly MaskedUnderKey[]): string[] =>
  renderTable(
    [{ title: 'masking key' }, { title: 'masked value' }],
    values.map(({ maskKeyId, maskedValue }) => [maskKeyId, maskedValue]),
    terminalWidth(),
  );
