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
 * For statements that may be made twice: outside a transaction such a statement is made again when its answer was lost, where
 * others fail. Whoever declares it sees to it that the second time changes nothing, and that its result is of use.
 */
export function idempotent<S>(db: Kysely<S>): Kysely<S> {
  return db.withPlugin(declaration);
}

/** Whether the statement may be made again though it may have been done: a read, or one that is declared so. */
export function isIdempotent({ query }: CompiledQuery): boolean {
  return query.kind === 'SelectQueryNode' || declared.has(query);
}
