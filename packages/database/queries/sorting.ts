import { type RawBuilder, type SqlBool, sql } from 'kysely';

export interface SortKey {
  column: string;
  direction: 'asc' | 'desc';
}

/** Columns that are never null, so that an index on them can be used. */
const neverNull = new Set(['id', 'uuid', 'created_at', 'flavorid']);

/** The parts of an `order by`. Nulls come before all values, on both databases, as on MySQL. */
export function orderOf(keys: readonly SortKey[]): RawBuilder<unknown>[] {
  return keys.flatMap(({ column, direction }) => {
    const way = sql.raw(direction);
    const value = sql`${sql.ref(column)} ${way}`;
    if (neverNull.has(column)) return [value];
    return [sql`(case when ${sql.ref(column)} is null then 0 else 1 end) ${way}`, value];
  });
}

/** True for the rows that come after this one. The last key must be unique. */
export function comesAfter(keys: readonly SortKey[], row: object): RawBuilder<SqlBool> {
  const values = row as Record<string, unknown>;
  const alternatives = keys.map((key, place) => {
    const before = keys.slice(0, place).map(({ column }) => isSame(column, values[column]));
    return sql`(${sql.join([...before, isBeyond(key, values[key.column])], sql` and `)})`;
  });
  return sql`(${sql.join(alternatives, sql` or `)})`;
}

function isSame(column: string, value: unknown): RawBuilder<SqlBool> {
  return value === null ? sql`${sql.ref(column)} is null` : sql`${sql.ref(column)} = ${value}`;
}

function isBeyond({ column, direction }: SortKey, value: unknown): RawBuilder<SqlBool> {
  const ref = sql.ref(column);
  if (direction === 'asc') return value === null ? sql`${ref} is not null` : sql`${ref} > ${value}`;
  // In descending order, nothing comes after a null.
  return value === null ? sql`1 = 0` : sql`(${ref} < ${value} or ${ref} is null)`;
}
