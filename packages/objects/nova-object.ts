import type { JsonObject, JsonValue } from '@mini-nova/messaging';
import { FieldError, FieldNotSet, UnknownField } from './errors.ts';
import type { Field } from './fields/field.ts';
import type { Layout, ObjectDefinition, Place } from './layout.ts';
import { isNewer, type ObjectHeader, primitiveOf } from './primitive.ts';

/**
 * Base of all versioned objects. Each field is a property that may be unset, and remembers whether it was set and
 * whether it has changed since the object was read. `V` has the fields' names and types.
 */
export class NovaObject<V extends object = Record<string, unknown>> {
  /**
   * By index: snapshots of values that can be changed in place, from when they were last unchanged. A value that
   * nobody has read has none, as nobody can have changed it. Not a property, so that two objects are equal whether or
   * not one was looked at.
   */
  #snapshots: Map<number, unknown> | undefined;

  // Only declared, and assigned in the constructor: V8 defines fields with initializers much more slowly.

  /** By the places of the layout; undefined: not set. */
  declare private readonly slots: unknown[];
  /** Indexes of places; undefined when nothing has changed. */
  declare private changed: Set<number> | undefined;
  /** Fields of a newer minor version, which we cannot read. They are sent on unchanged. */
  declare private unknownFields: JsonObject | undefined;
  /** Those of these that the sender had changed. */
  declare private unknownChanges: Set<string> | undefined;
  declare private receivedVersion: string | undefined;

  /** The class's name, version and fields; on the prototype of each class that `versionedObject` makes. */
  declare readonly definition: ObjectDefinition;
  /** Of the class; on the prototype, too. */
  declare protected readonly layout: Layout;

  constructor() {
    this.slots = new Array(this.layout.places.length);
    this.changed = undefined;
    this.unknownFields = undefined;
    this.unknownChanges = undefined;
    this.receivedVersion = undefined;
  }

  /** The version this object has on the wire: the one it came with, or else the class's. */
  get objVersion(): string {
    return this.receivedVersion ?? this.definition.version;
  }

  /** Whether the field has a value; null counts as one. */
  has(field: keyof V & string): boolean {
    const place = this.layout.find(field);
    return place !== undefined && this.slots[place.index] !== undefined;
  }

  /** The field's value by name. @throws FieldNotSet */
  get(field: string): unknown {
    return this.valueAt(this.place(field));
  }

  /** Sets a field by name and marks it changed, unless it has that value already. @throws FieldError */
  set(field: string, value: unknown): void {
    this.setAt(this.place(field), value);
  }

  /** Sets the defaults of those named fields (of all, when none is named) that have no value. */
  setDefaults(...names: (keyof V & string)[]): void {
    for (const name of names.length > 0 ? names : Object.keys(this.definition.fields)) {
      const place = this.place(name);
      const { defaultValue } = place.type;
      if (defaultValue && this.slots[place.index] === undefined) this.setAt(place, defaultValue());
    }
  }

  /** The fields that were set or changed since the object was read or saved, sorted. */
  changes(): string[] {
    const changes: string[] = [];
    for (const index of this.changed ?? []) {
      const place = this.layout.places[index];
      if (place !== undefined) changes.push(place.field);
    }
    for (const place of this.layout.changeable) {
      if (!this.changed?.has(place.index) && this.isChanged(place)) changes.push(place.field);
    }
    const unknown = this.unknownChanges;
    if (unknown !== undefined) changes.push(...unknown);
    return changes.length > 1 ? changes.sort() : changes;
  }

  /** Counts fields as changed although their values are the same: for a peer's answer that says so. */
  markChanged(...fields: string[]): void {
    for (const field of fields) this.mark(this.place(field));
  }

  /** Marks the present values as unchanged, in this object and in those it holds. */
  resetChanges(): void {
    this.changed = undefined;
    this.unknownChanges = undefined;
    for (const place of this.layout.changeable) {
      const value = this.slots[place.index];
      if (value === undefined) continue;
      place.type.resetChanges?.(value);
      if (this.#snapshots?.has(place.index)) this.takeSnapshot(place);
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
    for (const { index, type } of this.layout.places) {
      const value = this.slots[index];
      if (value !== undefined) copy.slots[index] = type.clone(value);
    }
    if (this.changed !== undefined) copy.changed = new Set(this.changed);
    for (const place of this.layout.changeable) {
      if (this.isChanged(place)) copy.mark(place);
    }
    copy.unknownChanges = this.unknownChanges;
    copy.unknownFields = structuredClone(this.unknownFields);
    copy.receivedVersion = this.receivedVersion;
    return copy;
  }

  /**
   * A copy for one save, with these values: exactly these count as changed, whatever they were before. The object
   * takes them over when the save has succeeded; until then it remains as it is known to be stored. Unchanged values
   * are shared by both, not copied.
   */
  withChanges(values: Partial<V>): this {
    const copy = this.empty();
    for (const { index } of this.layout.places) copy.slots[index] = this.slots[index];
    for (const { index, type } of this.layout.changeable) {
      const value = this.slots[index];
      if (value === undefined || !type.changedInPlace?.(value, this.#snapshots?.get(index))) continue;
      copy.slots[index] = type.clone(value);
      type.resetChanges?.(copy.slots[index]);
    }
    copy.unknownFields = this.unknownFields;
    copy.receivedVersion = this.receivedVersion;
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    for (const [field, value] of given) copy.set(field, value);
    copy.markChanged(...given.map(([field]) => field));
    return copy;
  }

  toPrimitive(): JsonObject {
    const data: JsonObject = {};
    for (const { index, field, type } of this.layout.places) {
      const value = this.slots[index];
      if (value !== undefined) data[field] = type.toPrimitive(value);
    }
    if (this.unknownFields !== undefined) Object.assign(data, this.unknownFields);
    const { name } = this.definition;
    return primitiveOf({ name, version: this.objVersion, data, changes: this.changes() });
  }

  /** For JSON.stringify, and for serializers that know nothing about versioned objects. */
  toJSON(): JsonObject {
    return this.toPrimitive();
  }

  /** One field in primitive form. @throws FieldNotSet */
  fieldToPrimitive(field: string): JsonValue {
    const place = this.place(field);
    return place.type.toPrimitive(this.heldAt(place));
  }

  /** As `set`, from the value's primitive form. @throws FieldError */
  setFieldFromPrimitive(field: string, value: JsonValue): void {
    const place = this.place(field);
    this.assign(place, place.type.fromPrimitive(value, place.at));
  }

  /** The value for a reader, who may change it in place. @throws FieldNotSet */
  protected valueAt(place: Place): unknown {
    const value = this.heldAt(place);
    this.rememberAt(place);
    return value;
  }

  private heldAt({ index, field }: Place): unknown {
    const value = this.slots[index];
    if (value === undefined) throw new FieldNotSet(this.definition.name, field);
    return value;
  }

  /** @throws FieldError */
  protected setAt(place: Place, value: unknown): void {
    this.assign(place, place.type.coerce(value, place.at));
  }

  /** Fills a new object with values from storage: nothing counts as changed. */
  protected load(values: Partial<V>): void {
    for (const [field, value] of Object.entries(values)) {
      if (value !== undefined) this.set(field, value);
    }
    this.resetChanges();
  }

  /** Gives a field without a value one that does not count as a change. */
  protected hold(field: string, value: unknown): void {
    this.slots[this.place(field).index] = value;
  }

  /** Fills a new object from the wire. Fields of a newer minor version that we cannot read are kept aside. */
  protected read(header: ObjectHeader): void {
    const { name, version } = this.definition;
    const newer = header.version !== version && isNewer(name, header.version, version);
    this.receivedVersion = header.version === version ? undefined : header.version;
    let unknown: [string, JsonValue][] | undefined;
    for (const [field, value = null] of Object.entries(header.data)) {
      const place = this.layout.find(field);
      if (place !== undefined && this.readField(place, value, newer)) continue;
      unknown ??= [];
      unknown.push([field, value]);
    }
    this.unknownFields = unknown && Object.fromEntries(unknown);
    for (const field of header.changes) this.readChange(field, header);
  }

  private readChange(field: string, { data }: ObjectHeader): void {
    const place = this.layout.find(field);
    if (place !== undefined) this.mark(place);
    else if (Object.hasOwn(data, field))
      this.unknownChanges = new Set([...(this.unknownChanges ?? []), field]);
  }

  private assign(place: Place, value: unknown): void {
    const { index, type } = place;
    const before = this.slots[index];
    if (before !== undefined && isSame(type, before, value)) return;
    this.slots[index] = value;
    this.#snapshots?.delete(index);
    this.markAt(index);
  }

  private mark({ index }: Place): void {
    this.markAt(index);
  }

  private markAt(index: number): void {
    this.changed ??= new Set();
    this.changed.add(index);
  }

  /** False when a newer minor version's value is of a kind that our version of the field does not have. */
  private readField(place: Place, value: JsonValue, newer: boolean): boolean {
    try {
      this.slots[place.index] = place.type.fromPrimitive(value, place.at);
      return true;
    } catch (error) {
      if (newer && error instanceof FieldError) return false;
      throw error;
    }
  }

  private rememberAt(place: Place): void {
    if (place.type.snapshot !== undefined && !this.#snapshots?.has(place.index)) this.takeSnapshot(place);
  }

  private takeSnapshot({ index, type }: Place): void {
    if (type.snapshot === undefined) return;
    this.#snapshots ??= new Map();
    this.#snapshots.set(index, type.snapshot(this.slots[index]));
  }

  private isChanged({ index, type }: Place): boolean {
    if (this.changed?.has(index)) return true;
    const value = this.slots[index];
    return value !== undefined && type.changedInPlace?.(value, this.#snapshots?.get(index)) === true;
  }

  private valuesOf(names: string[]): Partial<V> {
    const values: [string, unknown][] = [];
    for (const name of names) {
      const place = this.layout.find(name);
      if (place !== undefined && this.slots[place.index] !== undefined)
        values.push([name, this.valueAt(place)]);
    }
    return Object.fromEntries(values) as Partial<V>;
  }

  private empty(): this {
    return new (this.constructor as new () => this)();
  }

  private place(field: string): Place {
    const place = this.layout.find(field);
    if (place === undefined) throw new UnknownField(this.definition.name, field);
    return place;
  }
}

/** Objects are the same only when identical; arrays and dictionaries when they have the same content. */
function isSame(type: Field<unknown>, one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object') return false;
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  if (one === null || other === null || !type.snapshot) return false;
  return type.changedInPlace?.(other, type.snapshot(one)) === false;
}
