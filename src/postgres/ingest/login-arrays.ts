import { LOGIN_FIELDS } from '../../domain/login/login-columns.ts';
import { type MaskedRows, rowColumns } from '../../domain/login/login-rows.ts';

/** The columns that come from the message. */
export const LOGIN_COLUMN_NAMES = LOGIN_FIELDS.map(({ column }) => column).join(', ');

// Masked values are hexadecimal: a list with commas costs the client a fraction of what an array does.
const arrayOf = (field: (typeof LOGIN_FIELDS)[number], index: number): string =>
  'masked' in field ? `string_to_array($${index + 1}, ',', '')` : `$${index + 1}::text[]`;

/** The same columns as arguments of `unnest`; their parameters are $1 and following. */
export const LOGIN_ARRAYS = LOGIN_FIELDS.map(arrayOf).join(', ');

/** How many parameters `LOGIN_ARRAYS` has. */
export const LOGIN_PARAMETERS = LOGIN_FIELDS.length;

export const loginParameters = (rows: MaskedRows): unknown[] =>
  rowColumns(rows).map(({ masked, values }) => (masked ? values.join() : values));
