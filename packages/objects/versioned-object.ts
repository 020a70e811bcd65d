import type { JsonValue } from '@mini-nova/messaging';
import { UnsupportedObject } from './errors.ts';
import type { Field, FieldValue } from './fields/field.ts';
import { Layout, type ObjectDefinition, type Place } from './layout.ts';
import { NovaObject } from './nova-object.ts';
import { headerOf } from './primitive.ts';

/** The fields of a class, by name. */
export type Fields = { readonly [name: string]: Field<unknown> };

/** The TypeScript types of a class's fields. */
export type FieldValues<F> = { -readonly [N in keyof F]: FieldValue<F[N]> };

/** Values for some of an object's fields. */
export type ChangesOf<T> = T extends NovaObject<infer V> ? Partial<V> : never;

/** A class of versioned objects: what `versionedObject` returns, to be extended. */
export interface VersionedObjectClass<F extends Fields> {
  readonly objName: string;
  readonly objVersion: string;
  readonly fields: F;
  /** The given fields are set and count as changed. @throws FieldError */
  new (values?: Partial<FieldValues<F>>): NovaObject<FieldValues<F>> & FieldValues<F>;
  /** An object as read from storage: nothing counts as changed. @throws FieldError */
  hydrate<T extends NovaObject>(this: new () => T, values: Partial<FieldValues<F>>): T;
  /** @throws IncompatibleObjectVersion, FieldError, InvalidObjectPrimitive, UnsupportedObject for another object */
  fromPrimitive<T extends NovaObject>(this: new () => T, primitive: JsonValue): T;
}

/**
 * The base of a class of versioned objects, with a typed property per field:
 *
 *     class Tag extends versionedObject('Tag', '1.1', { resource_id: string(), tag: string() }) {}
 *
 * Reading a property throws FieldNotSet when the field has no value; assigning one throws FieldError when the value
 * does not fit.
 */
export function versionedObject<F extends Fields>(
  name: string,
  version: string,
  fields: F,
): VersionedObjectClass<F> {
  const definition: ObjectDefinition = { name, version, fields };
  const layout = new Layout(definition);

  class Base extends NovaObject {
    static readonly objName = name;
    static readonly objVersion = version;
    static readonly fields = fields;

    static {
      for (const place of layout.places)
        Object.defineProperty(Base.prototype, place.field, Base.property(place));
    }

    private static property(place: Place): PropertyDescriptor & ThisType<Base> {
      if (place.field in Base.prototype) {
        throw new TypeError(`${name} cannot have a field ${place.field}: the base class uses the name`);
      }
      return {
        configurable: true,
        get() {
          return this.valueAt(place);
        },
        set(value: unknown) {
          this.setAt(place, value);
        },
      };
    }

    static hydrate(this: new () => Base, values: Record<string, unknown>): Base {
      const object = new this();
      object.load(values);
      return object;
    }

    static fromPrimitive(this: new () => Base, primitive: JsonValue): Base {
      const header = headerOf(primitive);
      if (header.name !== name) throw new UnsupportedObject(`${header.name} (a ${name} was expected)`);
      const object = new this();
      object.read(header);
      return object;
    }

    constructor(values: Record<string, unknown> = {}) {
      super();
      for (const [field, value] of Object.entries(values)) {
        if (value !== undefined) this.set(field, value);
      }
    }
  }

  Object.defineProperty(Base.prototype, 'definition', { value: definition });
  Object.defineProperty(Base.prototype, 'layout', { value: layout });
  return Base as unknown as VersionedObjectClass<F>;
}
