import type { DatabaseKind } from '@mini-nova/deployment';

/** @throws RangeError */
export function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number < Number.POSITIVE_INFINITY))
    throw new RangeError(`${text} is not a number above 0`);
  return number;
}

/** @throws RangeError */
export function optional(text: string | undefined): number | undefined {
  return text === undefined ? undefined : positive(text);
}

/** @throws RangeError */
export function databaseKind(text: string): DatabaseKind {
  if (text === 'sqlite' || text === 'postgresql') return text;
  throw new RangeError(`${text} is neither postgresql nor sqlite`);
}
