import { AsyncLocalStorage } from 'node:async_hooks';
import { NestedTransaction } from './errors.ts';

/**
 * Knows whether the running code is inside a transaction of a database. On SQLite, where the transaction holds the
 * only writing connection, a second use from inside would wait for itself for ever; here it fails at once.
 */
export class TransactionScope {
  readonly #storage = new AsyncLocalStorage<{ open: boolean }>();

  async run<T>(work: () => Promise<T>): Promise<T> {
    const scope = { open: true };
    try {
      return await this.#storage.run(scope, work);
    } finally {
      // Work that was started inside and continues afterwards is free again.
      scope.open = false;
    }
  }

  assertOutside(): void {
    if (this.#storage.getStore()?.open === true) throw new NestedTransaction();
  }
}
