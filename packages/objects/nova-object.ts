import type { JsonObject, JsonValue } from '@mini-nova/messaging';
import { FieldError, FieldNotSet, UnknownField } from './errors.ts';
import type { Field } from './fields/field.ts';
import { isNewer, type ObjectHeader, primitiveOf } from './primitive.ts';

/** What a class of versioned objects consists of. */
export interface ObjectDefinition {
  readonly name: string;
  readonly version: string;
  /** In the order in which they are written to the wire. */
  readonly fields: { readonly [name: string]: Field<unknown> };
}

/**
 * Base of all versioned objects. Each field is a property, and remembers whether it was set (a field need not be)
 * and whether it changed since the object was read. `V` has the fields' names and types.
 */
export class NovaObject<V extends object = Record<string, unknown>> {
  private readonly fieldValues = new Map<string, unknown>();
  private readonly changedFields = new Set<string>();
  /** Of values that can be changed in place: what they looked like when last unchanged. */
  private readonly snapshots = new Map<string, unknown>();
  /** Fields of a newer minor version, which we cannot read. They go out again as they came. */
  private unknownFields: JsonObject = {};
  private receivedVersion: string | undefined;

  /** The class's name, version and fields; on the prototype of each class that `versionedObject` makes. */
  declare readonly definition: ObjectDefinition;

  /** The version this object has on the wire: the one it came with, or else the class's. */
  get objVersion(): string {
    return this.receivedVersion ?? this.definition.version;
  }

  /** Whether the field has a value; null is one. */
  has(field: keyof V & string): boolean {
    return this.fieldValues.has(field);
  }

  /** The field's value by name. @throws FieldNotSet */
  get(field: string): unknown {
    if (this.fieldValues.has(field)) return this.fieldValues.get(field);
    this.fieldType(field);
    throw new FieldNotSet(this.definition.name, field);
  }

  /** Sets a field by name and marks it changed, unless it has that value already. @throws FieldError */
  set(field: string, value: unknown): void {
    const type = this.fieldType(field);
    this.assign(field, type, type.coerce(value, this.at(field)));
  }

  /** Sets those of the named fields (all, when none is named) that have a default and no value. */
  setDefaults(...names: (keyof V & string)[]): void {
    for (const name of names.length > 0 ? names : Object.keys(this.definition.fields)) {
      const { defaultValue } = this.fieldType(name);
      if (defaultValue && !this.fieldValues.has(name)) this.set(name, defaultValue());
    }
  }

  /** The fields that were set or changed since the object was read or saved, sorted. */
  changes(): string[] {
    const changed = new Set(this.changedFields);
    for (const [name, value] of this.fieldValues) {
      if (!changed.has(name) && this.changedInPlace(name, value)) changed.add(name);
    }
    return [...changed].sort();
  }

  /** Counts fields as changed that have the values they had: for a peer's answer that says so. */
  markChanged(...fields: string[]): void {
    for (const field of fields) {
      this.fieldType(field);
      this.changedFields.add(field);
    }
  }

  /** Takes the present values as unchanged, in this object and in those it holds. */
  resetChanges(): void {
    this.changedFields.clear();
    for (const [name, value] of this.fieldValues) {
      this.fieldType(name).resetChanges?.(value);
      this.takeSnapshot(name);
    }
  }

  /** The set fields as a plain object. */
  values(): Partial<V> {
    return this.valuesOf(Object.keys(this.definition.fields));
  }

  /** The changed fields as a plain object. */
  changedValues(): Partial<V> {
    return this.valuesOf(this.changes());
  }

  /** A deep copy, with its changes. */
  clone(): this {
    const copy = this.empty();
    for (const [name, value] of this.fieldValues) {
      copy.fieldValues.set(name, this.fieldType(name).clone(value));
      copy.takeSnapshot(name);
    }
    for (const name of this.changes()) copy.changedFields.add(name);
    copy.unknownFields = structuredClone(this.unknownFields);
    copy.receivedVersion = this.receivedVersion;
    return copy;
  }

  /**
   * A copy for one save, with these values: they count as changed, whatever they were before, and nothing else does.
   * The object takes them over when the save has succeeded; until then it is as it is known to be stored.
   */
  withChanges(values: Partial<V>): this {
    const copy = this.clone();
    copy.resetChanges();
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    for (const [field, value] of given) copy.set(field, value);
    copy.markChanged(...given.map(([field]) => field));
    return copy;
  }

  toPrimitive(): JsonObject {
    const { name, fields } = this.definition;
    const data: JsonObject = {};
    for (const [field, type] of Object.entries(fields)) {
      if (this.fieldValues.has(field)) data[field] = type.toPrimitive(this.fieldValues.get(field));
    }
    Object.assign(data, this.unknownFields);
    return primitiveOf({ name, version: this.objVersion, data, changes: this.changes() });
  }

  /** For JSON.stringify and for serializers that know nothing of objects. */
  toJSON(): JsonObject {
    return this.toPrimitive();
  }

  /** One field in primitive form. @throws FieldNotSet */
  fieldToPrimitive(field: string): JsonValue {
    return this.fieldType(field).toPrimitive(this.get(field));
  }

  /** As `set`, from the value's primitive form. @throws FieldError */
  setFieldFromPrimitive(field: string, value: JsonValue): void {
    const type = this.fieldType(field);
    this.assign(field, type, type.fromPrimitive(value, this.at(field)));
  }

  /** Fills a new object with values as storage has them: nothing counts as changed. */
  protected load(values: Partial<V>): void {
    for (const [field, value] of Object.entries(values)) {
      if (value !== undefined) this.set(field, value);
    }
    this.resetChanges();
  }

  /** Fills a new object from the wire. What a newer minor has and we cannot read is kept aside. */
  protected read(header: ObjectHeader): void {
    const { name, version, fields } = this.definition;
    const newer = isNewer(name, header.version, version);
    this.receivedVersion = header.version === version ? undefined : header.version;
    const unknown: [string, JsonValue][] = [];
    for (const [field, value = null] of Object.entries(header.data)) {
      const type = Object.hasOwn(fields, field) ? fields[field] : undefined;
      if (type === undefined || !this.readField(field, type, value, newer)) unknown.push([field, value]);
    }
    this.unknownFields = Object.fromEntries(unknown);
    for (const field of header.changes) {
      if (Object.hasOwn(fields, field) || Object.hasOwn(header.data, field)) this.changedFields.add(field);
    }
  }

  private assign(field: string, type: Field<unknown>, value: unknown): void {
    if (this.fieldValues.has(field) && isSame(type, this.fieldValues.get(field), value)) return;
    this.fieldValues.set(field, value);
    this.changedFields.add(field);
  }

  /** False when a newer minor's value is of a kind that our version of the field does not have. */
  private readField(field: string, type: Field<unknown>, value: JsonValue, newer: boolean): boolean {
    try {
      this.fieldValues.set(field, type.fromPrimitive(value, this.at(field)));
    } catch (error) {
      if (newer && error instanceof FieldError) return false;
      throw error;
    }
    this.takeSnapshot(field);
    return true;
  }

  private takeSnapshot(field: string): void {
    const { snapshot } = this.fieldType(field);
    if (snapshot) this.snapshots.set(field, snapshot(this.fieldValues.get(field)));
  }

  private changedInPlace(field: string, value: unknown): boolean {
    return this.fieldType(field).changedInPlace?.(value, this.snapshots.get(field)) === true;
  }

  private valuesOf(names: string[]): Partial<V> {
    const set = names.filter((name) => this.fieldValues.has(name));
    return Object.fromEntries(set.map((name) => [name, this.fieldValues.get(name)])) as Partial<V>;
  }

  private empty(): this {
    return new (this.constructor as new () => this)();
  }

  private fieldType(field: string): Field<unknown> {
    const { name, fields } = this.definition;
    const type = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (type === undefined) throw new UnknownField(name, field);
    return type;
  }

  private at(field: string): string {
    return `${this.definition.name}.${field}`;
  }
}

/** Objects are the same only when identical; arrays and dictionaries when they have the same content. */
function isSame(type: Field<unknown>, one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  if (one === null || other === null || !type.snapshot) return false;
  return type.changedInPlace?.(other, type.snapshot(one)) === false;
}
