/** `2026-01-31T12:00:00Z`, as Nova writes `created` and `updated`. */
export function isoTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** `2026-01-31T12:00:00.000000`, UTC without saying so, as Nova writes the other times. */
export function naiveTime(time: Date | null): string | null {
  return time && `${time.toISOString().slice(0, -1)}000`;
}
