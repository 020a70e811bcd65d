import type { JsonValue } from '@mini-nova/messaging';
import type { Field } from './fields/field.ts';
import { listOfObjects, type ObjectType } from './fields/objects.ts';
import type { NovaObject } from './nova-object.ts';
import { versionedObject } from './versioned-object.ts';

/** The values of a list object. */
export interface ListValues<T> {
  objects: T[];
}

/** A class of list objects: what `objectList` returns, to be extended. */
export interface ObjectListClass<T extends NovaObject> {
  readonly objName: string;
  readonly objVersion: string;
  readonly fields: { readonly objects: Field<T[]> };
  /** Without values it is an empty, unchanged list. */
  new (
    values?: Partial<ListValues<T>>,
  ): NovaObject<ListValues<T>> & ListValues<T> & Iterable<T> & { readonly length: number };
  hydrate<L extends NovaObject>(this: new () => L, values: Partial<ListValues<T>>): L;
  fromPrimitive<L extends NovaObject>(this: new () => L, primitive: JsonValue): L;
}

/** The base of a list object, which can be iterated. A change of an element is a change of the list. */
export function objectList<T extends NovaObject>(
  name: string,
  version: string,
  type: ObjectType<T>,
): ObjectListClass<T> {
  class Base extends versionedObject(name, version, { objects: listField(type) }) {
    constructor(values: Partial<ListValues<T>> = {}) {
      super(values);
      if (!this.has('objects')) this.hold('objects', []);
    }

    get length(): number {
      return this.objects.length;
    }

    [Symbol.iterator](): Iterator<T> {
      return this.objects[Symbol.iterator]();
    }
  }
  return Base as unknown as ObjectListClass<T>;
}

function listField<T extends NovaObject>(type: ObjectType<T>): Field<T[]> {
  const field = listOfObjects(type);
  return {
    ...field,
    changedInPlace: (value, snapshot) =>
      field.changedInPlace?.(value, snapshot) === true || value.some((item) => item.changes().length > 0),
  };
}
