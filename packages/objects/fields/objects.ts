import type { JsonValue } from '@mini-nova/messaging';
import { FieldError, InvalidObjectPrimitive } from '../errors.ts';
import type { NovaObject } from '../nova-object.ts';
import { headerOf } from '../primitive.ts';
import { readArray } from './containers.ts';
import type { Field } from './field.ts';

/** The part of a class that an object field needs. */
export interface ObjectType<T extends NovaObject = NovaObject> {
  readonly objName: string;
  new (): T;
  /** The object is a T. */
  fromPrimitive(primitive: JsonValue): unknown;
}

/** A versioned object of one of the given classes. Its own changes count as a change of the holder. */
export function object<C extends ObjectType[]>(...types: C): Field<InstanceType<C[number]>> {
  type T = InstanceType<C[number]>;
  const expected = types.map((type) => type.objName).join(' or ');
  return {
    expected,
    coerce: (value, at) => {
      if (!types.some((type) => value instanceof type)) throw new FieldError(at, expected, value);
      return value as T;
    },
    toPrimitive: (value) => value.toPrimitive(),
    fromPrimitive: (value, at) => {
      const name = nameOf(value, at, expected);
      const type = types.find((candidate) => candidate.objName === name);
      if (type === undefined) throw new FieldError(at, expected, name);
      return type.fromPrimitive(value) as T;
    },
    clone: (value) => value.clone() as T,
    changedInPlace: (value) => value.changes().length > 0,
    resetChanges: (value) => value.resetChanges(),
  };
}

/** An array of versioned objects. Adding, removing and replacing elements counts as a change of the holder. */
export function listOfObjects<C extends ObjectType[]>(...types: C): Field<InstanceType<C[number]>[]> {
  const element = object(...types);
  const expected = `an array (of ${element.expected})`;
  return {
    expected,
    coerce: (value, at) => readArray(value, at, expected, element.coerce),
    toPrimitive: (value) => value.map((item) => element.toPrimitive(item)),
    fromPrimitive: (value, at) => readArray(value, at, expected, element.fromPrimitive),
    clone: (value) => value.map((item) => element.clone(item)),
    snapshot: (value) => [...value],
    changedInPlace: (value, before) => before !== undefined && !sameElements(value, before as unknown[]),
    resetChanges: (value) => {
      for (const item of value) item.resetChanges();
    },
  };
}

function nameOf(value: JsonValue, at: string, expected: string): string {
  try {
    return headerOf(value).name;
  } catch (error) {
    if (error instanceof InvalidObjectPrimitive) throw new FieldError(at, expected, value);
    throw error;
  }
}

function sameElements(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((element, index) => element === other[index]);
}
