import { type Fields, type NovaObject, UnknownField } from '@mini-nova/objects';

/** Fields of stored objects that the stores set, and callers do not. */
export const setByStore: readonly string[] = [
  'id',
  'uuid',
  'created_at',
  'updated_at',
  'deleted',
  'deleted_at',
];

/** What the codec needs of an object class. */
interface StoredType<T extends NovaObject> {
  readonly objName: string;
  readonly fields: Fields;
  new (): T;
}

export interface RowCodecOptions<T extends NovaObject, R extends object> {
  type: StoredType<T>;
  /** The fields that have a column of their name. */
  columns: readonly (keyof R & string)[];
  /** Those of them that are JSON text: the field's primitive form. */
  json?: readonly (keyof R & string)[];
  /** Values for fields that cannot be null but whose column is. A field without one stays unset. */
  empty?: (object: T) => void;
}

/**
 * Turns objects into database rows and back: one column for each field, of the same name. Dates are ISO text with
 * milliseconds, nested values JSON text.
 */
export class RowCodec<T extends NovaObject, R extends object> {
  readonly #type: StoredType<T>;
  readonly #columns: ReadonlySet<string>;
  readonly #json: ReadonlySet<string>;
  readonly #empty: (object: T) => void;

  constructor({ type, columns, json = [], empty = () => {} }: RowCodecOptions<T, R>) {
    for (const column of columns) {
      if (!Object.hasOwn(type.fields, column)) throw new UnknownField(type.objName, column);
    }
    this.#type = type;
    this.#columns = new Set(columns);
    this.#json = new Set(json);
    this.#empty = empty;
  }

  /** The columns of those of the named fields that are stored and set. */
  toRow(object: T, fields: readonly string[] = [...this.#columns]): Partial<R> {
    const stored = fields.filter((field) => this.#columns.has(field) && object.has(field));
    return Object.fromEntries(stored.map((field) => [field, this.#toColumn(object, field)])) as Partial<R>;
  }

  /** The object as it is stored: nothing counts as changed. */
  toObject(row: R): T {
    const object = new this.#type();
    for (const [column, value] of Object.entries(row)) {
      if (!this.#columns.has(column)) continue;
      if (value === null && !this.#takesNull(column)) continue;
      if (value !== null && this.#json.has(column)) object.setFieldFromPrimitive(column, JSON.parse(value));
      else object.set(column, value);
    }
    this.#empty(object);
    object.resetChanges();
    return object;
  }

  /** Whether the field has a column. */
  stores(field: string): boolean {
    return this.#columns.has(field);
  }

  /**
   * Brings the fields that the object has, and those named, to what the row says. Nested objects that are as stored
   * stay the same objects, so that who holds one keeps it. Afterwards nothing counts as changed.
   * @returns the fields that got another value
   */
  refresh(object: T, row: R, always: readonly string[] = []): string[] {
    const stored = this.toObject(row);
    const fields = [...this.#columns].filter((field) => object.has(field) || always.includes(field));
    const outdated = fields.filter((field) => stored.has(field) && !isSame(object, stored, field));
    for (const field of outdated) object.set(field, stored.get(field));
    object.resetChanges();
    return outdated;
  }

  /** As `refresh`, for every stored field. */
  adopt(object: T, row: R): void {
    this.refresh(object, row, [...this.#columns]);
  }

  #toColumn(object: T, field: string): unknown {
    const value = object.get(field);
    if (value === null) return null;
    if (this.#json.has(field)) return JSON.stringify(object.fieldToPrimitive(field));
    return value instanceof Date ? value.toISOString() : value;
  }

  #takesNull(field: string): boolean {
    const type = this.#type.fields[field];
    return type !== undefined && (type.nullable === true || type.defaultValue !== undefined);
  }
}

/** In content, whatever is marked changed. */
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
