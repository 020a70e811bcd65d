import type { Field } from './fields/field.ts';

/** What a class of versioned objects consists of. */
export interface ObjectDefinition {
  readonly name: string;
  readonly version: string;
  /** In the order in which they are written to the wire. */
  readonly fields: { readonly [name: string]: Field<unknown> };
}

/** Where the objects of a class keep a field, and what is known about it. */
export interface Place {
  readonly index: number;
  readonly field: string;
  readonly type: Field<unknown>;
  /** `Object.field`, for errors. */
  readonly at: string;
}

/** How the objects of a class keep their fields, computed once for all of them. */
export class Layout {
  /** In the order of the definition. */
  readonly places: readonly Place[];
  /** The fields whose values can be changed in place. */
  readonly changeable: readonly Place[];
  readonly #byField: ReadonlyMap<string, Place>;

  constructor({ name, fields }: ObjectDefinition) {
    this.places = Object.entries(fields).map(([field, type], index) => ({
      index,
      field,
      type,
      at: `${name}.${field}`,
    }));
    this.changeable = this.places.filter(({ type }) => type.changedInPlace !== undefined);
    this.#byField = new Map(this.places.map((place) => [place.field, place]));
  }

  /** Undefined if the class has no such field. */
  find(field: string): Place | undefined {
    return this.#byField.get(field);
  }
}
