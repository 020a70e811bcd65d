/** A value that JSON can carry as it is. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object; keys keep their wire spelling. */
export interface JsonObject {
  [key: string]: JsonValue | undefined;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Peers may send anything where text belongs. */
export function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise;
}

/** A copy with each field mapped; a field named `__proto__`, which would set the prototype, is dropped. */
export function mapValues<T, U>(object: { [key: string]: T }, map: (value: T) => U): { [key: string]: U } {
  const mapped: { [key: string]: U } = {};
  for (const [key, value] of Object.entries(object)) {
    if (key !== '__proto__') mapped[key] = map(value);
  }
  return mapped;
}

/** Deeper values are taken for cycles; the wire's JSON parsers have similar limits. */
const MAX_DEPTH = 500;

/**
 * A value as JSON can carry it:
 * - dates become ISO 8601 text, a Set an array, a Map with text or number keys an object;
 * - a bigint becomes a number, or text when a number would lose digits;
 * - bytes (Buffer, Uint8Array) become base64 text;
 * - whatever has `toJSON` becomes what that returns;
 * - undefined becomes null, and an object's field that is undefined is left out.
 *
 * @param path how error messages name `value`
 * @throws TypeError naming the path, for functions, symbols, NaN and infinities, cycles, and instances of
 *   classes without `toJSON`
 */
export function toPrimitive(value: unknown, path = 'value'): JsonValue {
  return isJson(value, 0) ? value : convert(value, path, 0);
}

/** @throws TypeError as `toPrimitive`, and when the context does not become an object */
export function contextToPrimitive(ctxt: object): JsonObject {
  const primitive = toPrimitive(ctxt, 'context');
  if (isJsonObject(primitive)) return primitive;
  throw new TypeError('Cannot serialize context: it does not become a JSON object');
}

/** Most values are JSON already, and are passed on as they are: this look costs less than a copy. */
function isJson(value: unknown, depth: number): value is JsonValue {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  if (!isPlain(value)) return false;
  for (const key in value) if (!isJson(value[key as keyof object], depth + 1)) return false;
  return true;
}

function convert(value: unknown, path: string, depth: number): JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      return refuse(path, `${value} has no form in JSON`);
    case 'undefined':
      return null;
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
    case 'object':
      if (value === null) return null;
      if (depth >= MAX_DEPTH) return refuse(path.slice(0, 100), 'it contains itself, or is too deep');
      return objectToPrimitive(value, path, depth + 1);
    default:
      return refuse(path, `a ${typeof value} has no form in JSON`);
  }
}

function objectToPrimitive(value: object, path: string, depth: number): JsonValue {
  if (Array.isArray(value)) return arrayToPrimitive(value, path, depth);
  if (isPlain(value)) return entriesToPrimitive(Object.entries(value), path, depth);
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? refuse(path, 'it is an invalid date') : value.toISOString();
  }
  if (value instanceof Map) return mapToPrimitive(value, path, depth);
  if (value instanceof Set) return arrayToPrimitive([...value], path, depth);
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return convert(value.toJSON(), path, depth);
  return refuse(path, `an instance of ${value.constructor?.name ?? 'a class'} needs toJSON`);
}

function isPlain(value: object): boolean {
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null) return false;
  return !('toJSON' in value && typeof value.toJSON === 'function');
}

function arrayToPrimitive(values: readonly unknown[], path: string, depth: number): JsonValue[] {
  return values.map((item, index) => convert(item, `${path}[${index}]`, depth));
}

function entriesToPrimitive(entries: [string, unknown][], path: string, depth: number): JsonObject {
  const present = entries.filter(([, item]) => item !== undefined);
  return Object.fromEntries(present.map(([key, item]) => [key, convert(item, `${path}.${key}`, depth)]));
}

function mapToPrimitive(map: Map<unknown, unknown>, path: string, depth: number): JsonObject {
  const entries = [...map].map(([key, item]): [string, unknown] => {
    if (typeof key === 'string' || typeof key === 'number') return [String(key), item];
    return refuse(path, `a Map's key is a ${typeof key}`);
  });
  return entriesToPrimitive(entries, path, depth);
}

function refuse(path: string, reason: string): never {
  throw new TypeError(`Cannot serialize ${path}: ${reason}`);
}
