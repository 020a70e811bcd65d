import { FieldError } from '../errors.ts';
import { mapValues } from '../map-values.ts';
import { type Field, nullable } from './field.ts';
import { integer, string } from './scalars.ts';
import { uuid } from './texts.ts';

/** An array of values of one type. */
export function listOf<T>(element: Field<T>): Field<T[]> {
  const expected = `an array (of ${element.expected})`;
  return comparedAsText({
    expected,
    coerce: (value, at) => readArray(value, at, expected, element.coerce),
    toPrimitive: (value) => value.map((item) => element.toPrimitive(item)),
    fromPrimitive: (value, at) => readArray(value, at, expected, element.fromPrimitive),
    clone: (value) => value.map((item) => element.clone(item)),
  });
}

/** A set, whose primitive form is an array. */
export function setOf<T>(element: Field<T>): Field<Set<T>> {
  const list = listOf(element);
  return comparedAsText({
    expected: list.expected.replace('an array', 'a set'),
    coerce: (value, at) => new Set(list.coerce(value instanceof Set ? [...value] : value, at)),
    toPrimitive: (value) => list.toPrimitive([...value]),
    fromPrimitive: (value, at) => new Set(list.fromPrimitive(value, at)),
    clone: (value) => new Set(value),
  });
}

/** An object used as a dictionary: any keys, values of one type. */
export function dictOf<T>(element: Field<T>): Field<Record<string, T>> {
  const expected = `an object (of ${element.expected})`;
  const read = <V>(
    value: unknown,
    at: string,
    readElement: (value: V, at: string) => T,
  ): Record<string, T> => {
    if (!isDictionary(value)) throw new FieldError(at, expected, value);
    return mapValues(value, (item, key) => readElement(item as V, `${at}[${key}]`));
  };
  return comparedAsText({
    expected,
    coerce: (value, at) => read(value, at, element.coerce),
    toPrimitive: (value) => mapValues(value, (item) => element.toPrimitive(item)),
    fromPrimitive: (value, at) => read(value, at, element.fromPrimitive),
    clone: (value) => mapValues(value, (item) => element.clone(item)),
  });
}

export const listOfStrings = () => listOf(string());
export const listOfIntegers = () => listOf(integer());
export const listOfUuids = () => listOf(uuid());
export const listOfListsOfStrings = () => listOf(listOf(string()));
export const setOfStrings = () => setOf(string());
export const setOfIntegers = () => setOf(integer());
export const listOfSetsOfIntegers = () => listOf(setOf(integer()));
export const dictOfStrings = () => dictOf(string());
export const dictOfNullableStrings = () => dictOf(nullable(string()));
export const dictOfIntegers = () => dictOf(integer());
export const dictOfListOfStrings = () => dictOf(listOf(string()));
export const dictOfSetsOfIntegers = () => dictOf(setOf(integer()));
export const listOfDictOfNullableStrings = () => listOf(dictOf(nullable(string())));

/** @throws FieldError if the value is not an array */
export function readArray<V, T>(
  value: unknown,
  at: string,
  expected: string,
  readElement: (value: V, at: string) => T,
): T[] {
  if (!Array.isArray(value)) throw new FieldError(at, expected, value);
  return value.map((item: V, index) => readElement(item, `${at}[${index}]`));
}

/** Containers can be changed in place, which shows in a different primitive form. */
function comparedAsText<T>(field: Field<T>): Field<T> {
  const snapshot = (value: T) => JSON.stringify(field.toPrimitive(value));
  return {
    ...field,
    snapshot,
    changedInPlace: (value, before) => before !== undefined && snapshot(value) !== before,
  };
}

function isDictionary(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
