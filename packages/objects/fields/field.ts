import type { JsonValue } from '@mini-nova/messaging';
import { FieldError } from '../errors.ts';

/**
 * The type of one field of a versioned object: which values it takes and how they look in primitive form.
 * `at` says where the value is (`Instance.metadata[color]`); it becomes part of the error.
 */
export interface Field<T> {
  /** What the field takes, as it stands in errors: `an integer`. */
  readonly expected: string;
  /** Brings a value that was set to the field's type. Throws FieldError when that would lose its meaning. */
  coerce(value: unknown, at: string): T;
  toPrimitive(value: T): JsonValue;
  fromPrimitive(value: JsonValue, at: string): T;
  /** A deep copy. */
  clone(value: T): T;
  /** Whether null is one of its values. */
  readonly nullable?: boolean;
  /** The value null stands for, and the one `setDefaults` sets. */
  defaultValue?(): T;

  /** For values that can be changed in place: what to compare with later. */
  snapshot?(value: T): unknown;
  /** Without a snapshot: whether the value itself says so. */
  changedInPlace?(value: T, snapshot: unknown): boolean;
  /** Marks what lies inside the value as unchanged. */
  resetChanges?(value: T): void;
}

/** The TypeScript type of a field's value. */
export type FieldValue<F> = F extends Field<infer T> ? T : never;

/** A field whose values are immutable and look the same in primitive form. `read` returns undefined to refuse. */
export function scalar<T extends string | number | boolean>(
  expected: string,
  read: (value: unknown) => T | undefined,
): Field<T> {
  const coerce = (value: unknown, at: string): T => {
    const result = read(value);
    if (result === undefined) throw new FieldError(at, expected, value);
    return result;
  };
  return {
    expected,
    coerce,
    toPrimitive: (value) => value,
    fromPrimitive: coerce,
    clone: (value) => value,
  };
}

/** Takes null too. */
export function nullable<T>(field: Field<T>): Field<T | null> {
  const result: Field<T | null> = {
    expected: `${field.expected} or null`,
    nullable: true,
    coerce: (value, at) => (value === null || value === undefined ? null : field.coerce(value, at)),
    toPrimitive: (value) => (value === null ? null : field.toPrimitive(value)),
    fromPrimitive: (value, at) => (value === null ? null : field.fromPrimitive(value, at)),
    clone: (value) => (value === null ? null : field.clone(value)),
  };
  if (field.snapshot) result.snapshot = (value) => (value === null ? null : field.snapshot?.(value));
  if (field.changedInPlace) {
    result.changedInPlace = (value, snapshot) =>
      value !== null && field.changedInPlace?.(value, snapshot) === true;
  }
  if (field.resetChanges) {
    result.resetChanges = (value) => {
      if (value !== null) field.resetChanges?.(value);
    };
  }
  return result;
}

/** Has a default: `setDefaults` sets it, and for a field that is not nullable null means it. */
export function withDefault<T>(field: Field<T>, value: NoInfer<T>): Field<T> {
  const defaultValue = () => field.clone(value);
  return {
    ...field,
    defaultValue,
    coerce: (given, at) => (given === null && value !== null ? defaultValue() : field.coerce(given, at)),
    fromPrimitive: (given, at) =>
      given === null && value !== null ? defaultValue() : field.fromPrimitive(given, at),
  };
}
