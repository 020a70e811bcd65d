/** The last `lines` lines of a console; null: all of it. */
export function tailOf(output: string, lines: number | null): string {
  if (lines === null) return output;
  if (lines <= 0) return '';
  return output.split('\n').slice(-lines).join('\n');
}
