/** A value that is fixed, or what reads the one that holds now: an option that can change while the daemon runs. */
export type Setting<T extends string | number | boolean> = T | (() => T);

export function current<T extends string | number | boolean>(setting: Setting<T>): T {
  return typeof setting === 'function' ? setting() : setting;
}
