import { type Fields, type NovaObject, UnknownField } from '@mini-nova/objects';

/** Fields that the stores set, not their callers. */
export const setByStore: readonly string[] = [
  'id',
  'uuid',
  'created_at',
  'updated_at',
  'deleted',
  'deleted_at',
];

/** The parts of an object class that the codec needs. */
interface StoredType<T extends NovaObject> {
  readonly objName: string;
  readonly fields: Fields;
  new (): T;
}

export interface RowCodecOptions<T extends NovaObject, R extends object> {
  type: StoredType<T>;
  /** The fields with a column of the same name. */
  columns: readonly (keyof R & string)[];
  /** Those of them that are stored as JSON text, in the field's primitive form. */
  json?: readonly (keyof R & string)[];
  /** Sets fields that cannot be null although their column is. Other such fields stay unset. */
  empty?: (object: T) => void;
}

/**
 * Turns objects into database rows and back: each field has a column of the same name. Dates are ISO text with milliseconds,
 * nested values JSON text.
 */
export class RowCodec<T extends NovaObject, R extends object> {
  readonly #type: StoredType<T>;
  readonly #columns: ReadonlyMap<string, Column>;
  readonly #empty: (object: T) => void;

  constructor({ type, columns, json = [], empty = () => {} }: RowCodecOptions<T, R>) {
    for (const column of columns) {
      if (!Object.hasOwn(type.fields, column)) throw new UnknownField(type.objName, column);
    }
    this.#type = type;
    this.#columns = new Map(
      columns.map((name) => [
        name,
        { name, isJson: (json as readonly string[]).includes(name), takesNull: takesNull(type.fields[name]) },
      ]),
    );
    this.#empty = empty;
  }

  /** The columns of the named fields, as far as those have a column and are set. */
  toRow(object: T, fields: Iterable<string> = this.#columns.keys()): Partial<R> {
    const row: Record<string, unknown> = {};
    for (const field of fields) {
      const column = this.#columns.get(field);
      if (column !== undefined && object.has(field)) row[field] = toColumn(object, column);
    }
    return row as Partial<R>;
  }

  /** The stored object, without changed fields. */
  toObject(row: R): T {
    const object = new this.#type();
    for (const column of this.#columns.values()) setColumn(object, column, row[column.name as keyof R]);
    this.#empty(object);
    object.resetChanges();
    return object;
  }

  /** Whether the field has a column. */
  stores(field: string): boolean {
    return this.#columns.has(field);
  }

  /**
   * Sets the fields that the object has, and those named, to the values of the row. Nested objects that are as stored stay the
   * same objects, so that references to them stay valid. Afterwards no field counts as changed.
   * @returns the fields whose value changed
   */
  refresh(object: T, row: R, always: readonly string[] = []): string[] {
    const outdated: string[] = [];
    for (const column of this.#columns.values()) {
      const { name } = column;
      if (!object.has(name) && !always.includes(name)) continue;
      if (isStored(object, column, row[name as keyof R])) continue;
      const stored = this.#holderOf(column, row);
      // Different JSON text may still have the same content.
      if (!stored.has(name) || isSame(object, stored, name)) continue;
      object.set(name, stored.get(name));
      outdated.push(name);
    }
    object.resetChanges();
    return outdated;
  }

  /** An object with the value of one column only. */
  #holderOf(column: Column, row: R): T {
    const object = new this.#type();
    setColumn(object, column, row[column.name as keyof R]);
    if (!object.has(column.name)) this.#empty(object);
    return object;
  }

  /** As `refresh`, for every stored field. */
  adopt(object: T, row: R): void {
    this.refresh(object, row, [...this.#columns.keys()]);
  }
}

interface Column {
  /** The name of both the column and the field. */
  name: string;
  isJson: boolean;
  takesNull: boolean;
}

function takesNull(type: Fields[string] | undefined): boolean {
  return type !== undefined && (type.nullable === true || type.defaultValue !== undefined);
}

function toColumn(object: NovaObject, { name, isJson }: Column): unknown {
  const value = object.get(name);
  if (value === null) return null;
  if (isJson) return JSON.stringify(object.fieldToPrimitive(name));
  return value instanceof Date ? value.toISOString() : value;
}

function setColumn(object: NovaObject, { name, isJson, takesNull }: Column, value: unknown): void {
  if (value === undefined || (value === null && !takesNull)) return;
  if (isJson && value !== null) object.setFieldFromPrimitive(name, JSON.parse(String(value)));
  else object.set(name, value);
}

/** Whether the object's field would be stored as exactly this value. */
function isStored(object: NovaObject, column: Column, value: unknown): boolean {
  return object.has(column.name) && toColumn(object, column) === value;
}

/** Compares contents, regardless of changed marks. */
function isSame(one: NovaObject, other: NovaObject, field: string): boolean {
  if (!one.has(field)) return false;
  const [value, stored] = [one.get(field), other.get(field)];
  if (value instanceof Date && stored instanceof Date) return value.getTime() === stored.getTime();
  if (typeof value !== 'object' || value === null) return value === stored;
  return contentOf(one, field) === contentOf(other, field);
}

function contentOf(object: NovaObject, field: string): string {
  return JSON.stringify(object.fieldToPrimitive(field), (key, value: unknown) =>
    key === 'nova_object.changes' ? undefined : value,
  );
}
