import type { CompiledQuery, Kysely, KyselyPlugin, OperationNode } from 'kysely';

const declared = new WeakSet<OperationNode>();

const declaration: KyselyPlugin = {
  transformQuery({ node }) {
    declared.add(node);
    return node;
  },
  transformResult: async ({ result }) => result,
};

/**
 * Marks a statement that may run twice: outside a transaction it is repeated when its answer was lost, where others
 * fail. Whoever marks it ensures that the second run changes nothing and still gives a useful result.
 */
export function idempotent<S>(db: Kysely<S>): Kysely<S> {
  return db.withPlugin(declaration);
}

/** Whether the statement may be repeated though it may have been done: a read, or one that is marked. */
export function isIdempotent({ query }: CompiledQuery): boolean {
  return query.kind === 'SelectQueryNode' || declared.has(query);
}
