import {
  type Expression,
  type ExpressionBuilder,
  type ReferenceExpression,
  type SqlBool,
  type StringReference,
  sql,
} from 'kysely';

/** True where the column holds one of `values`; a null among them stands for an empty column. None: false. */
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

/** True where the column has `text` in it, in upper or lower case; SQLite knows the two of ASCII letters only. */
export function contains<DB, TB extends keyof DB>(
  eb: ExpressionBuilder<DB, TB>,
  column: StringReference<DB, TB>,
  text: string,
): Expression<SqlBool> {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  return sql<SqlBool>`lower(${eb.ref(column)}) like lower(${pattern}) escape '\\'`;
}
