import type { Compilable, CompiledQuery } from 'kysely';
import type { Queryable } from '../database.ts';

/** Stands for a value of which only its place in the query matters. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A query that differs only in its values: it is built and compiled once for each dialect, which takes longer than
 * SQLite needs to run it. The values must not decide what the query looks like: neither null nor lists.
 */
export function preparedQuery<V extends object, R>(
  names: readonly (keyof V & string)[],
  build: (db: Queryable, values: V) => Compilable<R>,
): (db: Queryable, values: V) => Promise<R[]> {
  const placeholders = Object.fromEntries(names.map((name) => [name, new Placeholder(name)])) as V;
  const byDialect = new WeakMap<object, CompiledQuery<R>>();
  return async (db, values) => {
    const dialect = db.getExecutor().adapter;
    let compiled = byDialect.get(dialect);
    if (compiled === undefined) {
      compiled = build(db, placeholders).compile();
      byDialect.set(dialect, compiled);
    }
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Placeholder ? values[parameter.name as keyof V] : parameter,
    );
    const { rows } = await db.executeQuery<R>({ ...compiled, parameters });
    return rows;
  };
}
