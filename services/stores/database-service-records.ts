import type { Service } from '@mini-nova/objects';
import { type ServiceInfo, ServiceRecordMissing, type ServiceRecords } from '@mini-nova/service';
import { ServiceNotFound } from '../exceptions.ts';
import type { ServiceStore } from './service-store.ts';

/** The record of a service that has the database. */
export class DatabaseServiceRecords implements ServiceRecords {
  readonly #store: ServiceStore;
  #registered: { info: ServiceInfo; service: Service } | undefined;

  constructor(store: ServiceStore) {
    this.#store = store;
  }

  async register(info: ServiceInfo): Promise<void> {
    this.#registered = { info, service: await this.#store.register(info) };
  }

  async heartbeat(): Promise<void> {
    if (!this.#registered) throw new TypeError('A heartbeat needs a registered service');
    const { info, service } = this.#registered;
    try {
      await this.#store.heartbeat(service);
    } catch (error) {
      if (error instanceof ServiceNotFound) throw new ServiceRecordMissing(info, { cause: error });
      throw error;
    }
  }
}
