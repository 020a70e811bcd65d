import type { JsonValue } from '@mini-nova/messaging';
import { FieldError } from '../errors.ts';

/**
 * The type of a versioned object's field: which values it accepts and how they look in primitive form. `at` is the
 * value's place (`Instance.metadata[color]`), which becomes part of errors.
 */
export interface Field<T> {
  /** What the field accepts, as errors say it: `an integer`. */
  readonly expected: string;
  /** Converts an assigned value to the field's type. Throws FieldError when that would lose its meaning. */
  coerce(value: unknown, at: string): T;
  toPrimitive(value: T): JsonValue;
  fromPrimitive(value: JsonValue, at: string): T;
  /** A deep copy. */
  clone(value: T): T;
  /** Whether null is one of its values. */
  readonly nullable?: boolean;
  /** The value that null stands for and that `setDefaults` sets. */
  defaultValue?(): T;

  /** For values that can be changed in place: a snapshot to compare with later. */
  snapshot?(value: T): unknown;
  /** Without a snapshot: whether the value itself says that it has changed. */
  changedInPlace?(value: T, snapshot: unknown): boolean;
  /** Marks what lies inside the value as unchanged. */
  resetChanges?(value: T): void;
}

/** The TypeScript type of a field's value. */
export type FieldValue<F> = F extends Field<infer T> ? T : never;

/** A field whose values are immutable and equal to their primitive form. `read` returns undefined to refuse a value. */
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

/** Accepts null too. */
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

/** Has a default, which `setDefaults` sets, and which null stands for in a field that is not nullable. */
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
