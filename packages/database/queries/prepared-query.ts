import type { Compilable, CompiledQuery, Kysely, QueryResult } from 'kysely';

/** Stands for a value whose place in the query alone matters. */
class Placeholder {
  readonly index: number;

  constructor(index: number) {
    this.index = index;
  }
}

/** Lists of many lengths must not fill the memory, and long ones rarely have the same length. */
const MAX_SHAPES = 100;
const MAX_LEAVES = 100;

/**
 * A query that is built and compiled once for each dialect and each shape of its values, since that takes longer than
 * SQLite needs to run it. The shape consists of the keys, the lists' lengths, and which values are null or undefined:
 * `build` may depend on these, but on no other value.
 */
export function preparedQuery<S, V extends object, R>(
  build: (db: Kysely<S>, values: V) => Compilable<R>,
): (db: Kysely<S>, values: V) => Promise<QueryResult<R>> {
  const byDialect = new WeakMap<object, Map<string, CompiledQuery<R>>>();
  return async (db, values) => {
    const { shape, leaves } = takeApart(values);
    const known = shapesOf(byDialect, db.getExecutor().adapter);
    let compiled = known.get(shape);
    if (compiled === undefined) {
      compiled = build(db, withPlaceholders(values)).compile();
      if (known.size < MAX_SHAPES && leaves.length <= MAX_LEAVES) known.set(shape, compiled);
    }
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Placeholder ? leaves[parameter.index] : parameter,
    );
    return db.executeQuery<R>({ ...compiled, parameters });
  };
}

function shapesOf<T>(byDialect: WeakMap<object, Map<string, T>>, dialect: object): Map<string, T> {
  let shapes = byDialect.get(dialect);
  if (shapes === undefined) {
    shapes = new Map();
    byDialect.set(dialect, shapes);
  }
  return shapes;
}

/** For a statement that has one result. */
export function onlyRow<R>(rows: readonly R[]): R {
  const [row] = rows;
  if (row === undefined) throw new Error('The database returned no row');
  return row;
}

/** What the query's text depends on, and the other values, in the order of their places. */
function takeApart(values: object): { shape: string; leaves: unknown[] } {
  const leaves: unknown[] = [];
  const shapeOf = (value: unknown): string => {
    if (value === null) return '0';
    if (value === undefined) return '-';
    if (typeof value !== 'object') {
      leaves.push(value);
      return '?';
    }
    if (Array.isArray(value)) {
      let items = '';
      for (const item of value) items += shapeOf(item);
      return `[${items}]`;
    }
    let entries = '';
    for (const key of Object.keys(value)) entries += `${key}:${shapeOf(value[key as keyof object])},`;
    return `{${entries}}`;
  };
  return { shape: shapeOf(values), leaves };
}

/** A copy with a placeholder for each leaf, in the order of `takeApart`. */
function withPlaceholders<V extends object>(values: V): V {
  let count = 0;
  const copy = (value: unknown): unknown => {
    if (value === null || value === undefined) return value;
    if (typeof value !== 'object') return new Placeholder(count++);
    if (Array.isArray(value)) return value.map(copy);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)]));
  };
  return copy(values) as V;
}
