import { replaceInventories } from './allocations/queries.ts';
import { ComputeNodeStore } from './compute-nodes/store.ts';
import type { Queryable } from './database.ts';
import { ServiceStore } from './services/store.ts';

/** The records that belong to no project: only an administrator's request may see and change them. */
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

  /** Removes all inventories of the provider: it offers nothing from now on. */
  async empty(uuid: string): Promise<void> {
    await replaceInventories(this.#on, uuid, []);
  }
}
