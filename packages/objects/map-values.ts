/** An object with the same keys. */
export function mapValues<V, T>(
  object: Readonly<Record<string, V>>,
  map: (value: V, key: string) => T,
): Record<string, T> {
  const mapped: Record<string, T> = {};
  for (const key of Object.keys(object)) {
    const value = map(object[key] as V, key);
    // Assignment would set the prototype instead of a key.
    if (key === '__proto__') Object.defineProperty(mapped, key, { value, ...PLAIN });
    else mapped[key] = value;
  }
  return mapped;
}

const PLAIN = { configurable: true, enumerable: true, writable: true };
