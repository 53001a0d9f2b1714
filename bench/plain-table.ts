import Table from 'cli-table3';

/** Uses no lines and colours, for terminals, logs and documents. */
const PLAIN = {
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  chars: {
    ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
    ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
    ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
  },
};

/** The first column is text, the others are numbers. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const colAligns = head.map((_, column) => (column === 0 ? 'left' : 'right') as 'left' | 'right');
  const table = new Table({ head: [...head], colAligns, ...PLAIN });
  table.push(...rows.map((row) => [...row]));
  return table.toString().replace(/^/gm, '  ').replace(/ +$/gm, '');
}
