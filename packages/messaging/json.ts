/** A value that JSON can carry as it is. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object; keys keep their wire spelling. */
export interface JsonObject {
  [key: string]: JsonValue | undefined;
}

/** A copy with each field mapped; a field named `__proto__`, which would set the prototype, is dropped. */
export function mapValues<T, U>(object: { [key: string]: T }, map: (value: T) => U): { [key: string]: U } {
  const mapped: { [key: string]: U } = {};
  for (const [key, value] of Object.entries(object)) {
    if (key !== '__proto__') mapped[key] = map(value);
  }
  return mapped;
}
