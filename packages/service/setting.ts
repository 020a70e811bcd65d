/** A fixed value, or a function that reads the present one: an option that can change while the daemon runs. */
export type Setting<T extends string | number | boolean> = T | (() => T);

export function current<T extends string | number | boolean>(setting: Setting<T>): T {
  return typeof setting === 'function' ? setting() : setting;
}
