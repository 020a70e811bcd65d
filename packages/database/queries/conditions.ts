import {
  type Expression,
  type ExpressionBuilder,
  PostgresAdapter,
  type QueryExecutorProvider,
  type RawBuilder,
  type ReferenceExpression,
  type SqlBool,
  sql,
} from 'kysely';
import type { Pattern } from '../pattern/pattern.ts';

/** True where the column holds one of `values`; a null among them stands for an empty column. False for no values. */
export function anyOf<DB, TB extends keyof DB>(
  eb: ExpressionBuilder<DB, TB>,
  column: ReferenceExpression<DB, TB>,
  values: readonly (string | null)[],
): Expression<SqlBool> {
  const texts = values.filter((value) => value !== null);
  return eb.or([
    ...(texts.length > 0 ? [eb(column, 'in', texts)] : []),
    ...(texts.length < values.length ? [eb(column, 'is', null)] : []),
  ]);
}

/**
 * True where the pattern matches. SQLite's operator calls the function that our driver brings.
 *
 * @throws InvalidPattern on SQLite, while the query runs, when matching is too much work
 */
export function matches(
  db: QueryExecutorProvider,
  text: RawBuilder<unknown>,
  pattern: Pattern,
): RawBuilder<SqlBool> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter;
  return isPostgres ? sql`(${text}) ~ ${pattern.postgres}` : sql`(${text}) regexp ${pattern.source}`;
}
