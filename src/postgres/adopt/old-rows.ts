import { TABLE_COLUMNS } from '../../domain/login/login-columns.ts';
import type { OldTable } from './old-table.ts';

/** Each month becomes a partition, so a mistyped year must not make any. */
const FIRST_DAY = '1970-01-01';
const AFTER_LAST_DAY = '2200-01-01';

const IP_ADDRESS = String.raw`^\s*(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)\s*$`;

export const createDateOf = ({ values }: OldTable): string => values[6] ?? '';

/** An array of the reasons why a row does not fit into the new table: empty for one that does. */
export function reasonsOf({ values }: OldTable): string {
  const cases = TABLE_COLUMNS.slice(0, 7).flatMap((declared, at) => {
    const { column, nullable } = declared;
    const value = values[at] ?? '';
    const most = 'maxCharacters' in declared ? declared.maxCharacters : undefined;
    return [
      ...(nullable ? [] : [`case when ${value} is null then '${column} is null' end`]),
      ...(most === undefined
        ? []
        : [
            `case when length(${value}) > ${most} then '${column} has more than ${most} characters' end`,
          ]),
      ...('format' in declared && 'masked' in declared
        ? [`case when ${value} ~ '${IP_ADDRESS}' then '${column} is not masked' end`]
        : []),
      ...(column === 'create_date'
        ? [
            `case when ${value} < date '${FIRST_DAY}' or ${value} >= date '${AFTER_LAST_DAY}'
              then '${column} is before 1970 or after 2199' end`,
          ]
        : []),
    ];
  });
  return `array_remove(array[${cases.join(', ')}]::text[], null)`;
}

const ADOPTED_ID_PREFIX = 'adopted-';

/** A row version has one place, and one transaction that wrote it: together they are unique, and stay the same. */
export const MESSAGE_ID = `'${ADOPTED_ID_PREFIX}' || translate(o.ctid::text, ',()', '-') || '-' || o.xmin::text`;

/** The sum of these tells whether any row of a range was added, changed or deleted. */
export const VERSION_HASH = 'hashtidextended(o.ctid, o.xmin::text::bigint)';

/** $1 and $2: the first page, and the first page after it. */
export const IN_RANGE = `o.ctid >= format('(%s,0)', $1::bigint)::tid and o.ctid < format('(%s,0)', $2::bigint)::tid`;
