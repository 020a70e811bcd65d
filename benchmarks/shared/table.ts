export type Align = 'left' | 'right';

/** A Markdown table, padded so that it reads well as plain text. */
export function markdownTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  align: (column: number) => Align = (column) => (column === 0 ? 'left' : 'right'),
): string {
  const widths = heads.map((head, column) =>
    Math.max(3, head.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string => {
    const padded = widths.map((width, column) => {
      const cell = cells[column] ?? '';
      return align(column) === 'left' ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) =>
    align(column) === 'left' ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`,
  );
  return [line(heads), `|${rule.join('|')}|`, ...rows.map(line)].join('\n');
}

/** A number as people read it; `-` for what was not measured. */
export function figure(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '-';
  return value.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
