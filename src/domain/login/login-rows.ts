import {
  type Cell,
  LOGIN_FIELDS,
  type LoginField,
  MASKED_COLUMNS,
  type MaskedField,
} from './login-columns.ts';
import type { LoginEvent } from './login-event.ts';
import type { Masker } from './masking.ts';

type Camel<S extends string> = S extends `${infer A}_${infer B}`
  ? `${A}${Capitalize<Camel<B>>}`
  : S;
/** `masked_ip` is the list `maskedIps`. Sealed parts hold these names, so they stay as they are. */
type ListName<S extends string> = `${Camel<S>}s`;

/** Rows in the order of the accepted messages. */
export type MaskedRows = { [F in LoginField as ListName<F['column']>]: Cell<F>[] };

type MaskedColumn = Extract<LoginField, { field: MaskedField }>;

/** The values that were masked, row by row: the vault keeps them. */
export type Originals = { [F in MaskedColumn as ListName<F['field']>]: Cell<F>[] };

/** The same lists by name. */
export type Lists = Record<string, (string | null)[]>;

const listName = (name: string): string =>
  `${name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())}s`;

const ROW_LISTS = LOGIN_FIELDS.map((declared) => ({
  column: declared.column,
  list: listName(declared.column),
  field: declared.field,
  masked: 'masked' in declared,
}));

const MASKED_LISTS = MASKED_COLUMNS.map(({ field, column }) => ({
  field,
  masked: listName(column),
  originals: listName(field),
}));

const emptyLists = (names: readonly string[]): Lists =>
  Object.fromEntries(names.map((name) => [name, []]));

export const noRows = () => emptyLists(ROW_LISTS.map(({ list }) => list)) as MaskedRows;

export const noOriginals = () =>
  emptyLists(MASKED_LISTS.map(({ originals }) => originals)) as Originals;

type RowColumn = { column: string; masked: boolean; values: (string | null)[] };

/** The columns of the rows in the order of `LOGIN_FIELDS`. Columns that a part of an earlier build lacks are null. */
export function rowColumns(rows: MaskedRows): RowColumn[] {
  const lists: Lists = rows;
  return ROW_LISTS.map(({ column, masked, list }) => ({
    column,
    masked,
    values: lists[list] ?? rows.userIds.map(() => null),
  }));
}

type MaskedList = {
  field: MaskedField;
  masked: readonly (string | null)[];
  originals: readonly (string | null)[];
};

/** Each masked column with the originals of its values. */
export function maskedLists(rows: MaskedRows, originals: Originals): MaskedList[] {
  const [rowLists, originalLists]: Lists[] = [rows, originals];
  return MASKED_LISTS.map((list) => ({
    field: list.field,
    masked: rowLists?.[list.masked] ?? [],
    originals: originalLists?.[list.originals] ?? [],
  }));
}

/** Appends a login event to the rows and its originals to the originals. */
export function appendRow(
  { rows, originals }: { rows: MaskedRows; originals: Originals },
  event: LoginEvent,
  masker: Masker,
): void {
  const rowLists: Lists = rows;
  const originalLists: Lists = originals;
  for (const { list, field, masked } of ROW_LISTS) {
    if (!masked) rowLists[list]?.push(event[field]);
  }
  for (const { field, masked, originals: list } of MASKED_LISTS) {
    const original = event[field];
    originalLists[list]?.push(original);
    rowLists[masked]?.push(original === null ? null : masker.mask(field, original));
  }
}
