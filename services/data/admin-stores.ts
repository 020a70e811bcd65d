import { replaceInventories } from './allocations/queries.ts';
import { ComputeNodeStore } from './compute-nodes/store.ts';
import type { Queryable } from './database.ts';
import { ServiceStore } from './services/store.ts';

/** What of a request only an administrator may see and change: it is of no project. */
export class AdminStores {
  readonly services: Pick<
    ServiceStore,
    'getById' | 'getByHostAndBinary' | 'list' | 'isUp' | 'clockSkews' | 'update' | 'delete'
  >;
  readonly computeNodes: Pick<ComputeNodeStore, 'list' | 'delete'>;
  readonly providers: AdminProviders;

  constructor(on: Queryable) {
    this.services = new ServiceStore(on);
    this.computeNodes = new ComputeNodeStore(on);
    this.providers = new AdminProviders(on);
  }
}

export class AdminProviders {
  readonly #on: Queryable;

  constructor(on: Queryable) {
    this.#on = on;
  }

  /** From now on it offers nothing. */
  async empty(uuid: string): Promise<void> {
    await replaceInventories(this.#on, uuid, []);
  }
}
