/** The middle value; of an even number of values the mean of the middle two. NaN without values. */
export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

/** The value that the share `part` (0 to 1) of an ascending list does not exceed. NaN without values. */
export function quantile(ascending: ArrayLike<number>, part: number): number {
  return ascending[Math.max(Math.ceil(ascending.length * part) - 1, 0)] ?? Number.NaN;
}
