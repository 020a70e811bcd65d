import Table from 'cli-table3';

const ASCII_BORDERS = {
  top: '-',
  'top-mid': '+',
  'top-left': '+',
  'top-right': '+',
  bottom: '-',
  'bottom-mid': '+',
  'bottom-left': '+',
  'bottom-right': '+',
  left: '|',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '|',
  'right-mid': '',
  middle: '|',
};

/** A heading and what to print under it for one item. */
export type Column<T> = readonly [heading: string, cell: (item: T) => unknown];

/** A table in python-novaclient's style, with a final newline. */
export function listTable<T>(columns: readonly Column<T>[], items: readonly T[]): string {
  const rows = items.map((item) => columns.map(([, cell]) => cellText(cell(item))));
  return render(
    columns.map(([heading]) => heading),
    rows,
  );
}

/** The properties of one item, sorted by name. */
export function propertyTable(properties: object): string {
  const rows = Object.entries(properties)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, cellText(value)]);
  return render(['Property', 'Value'], rows);
}

function render(head: string[], rows: string[][]): string {
  const table = new Table({ head, chars: ASCII_BORDERS, style: { head: [], border: [] } });
  table.push(...rows);
  // A rule separates the heading, which is one line, from the rows; there is none between rows.
  const [top = '', heading = '', ...body] = table.toString().split('\n');
  return `${[top, heading, top, ...body].join('\n')}\n`;
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
