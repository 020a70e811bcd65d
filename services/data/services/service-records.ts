import { ServiceNotFound } from '@mini-nova/domain/exceptions';
import type { Service } from '@mini-nova/objects';
import { type ServiceInfo, ServiceRecordMissing, type ServiceRecords } from '@mini-nova/service';
import type { ServiceStore } from './store.ts';

/** The record of a service with a database. */
export class DatabaseServiceRecords implements ServiceRecords {
  readonly #store: ServiceStore;
  #registered: { info: ServiceInfo; service: Service } | undefined;

  constructor(store: ServiceStore) {
    this.#store = store;
  }

  get clockSkew(): number | null {
    return this.#store.clock.ahead;
  }

  async register(info: ServiceInfo): Promise<void> {
    await this.#store.clock.measure();
    this.#registered = { info, service: await this.#store.register(info) };
  }

  async heartbeat(): Promise<void> {
    await this.#change(async (service) => {
      await this.#store.clock.measure();
      await this.#store.heartbeat(service, this.clockSkew);
    });
  }

  async stopped(): Promise<void> {
    await this.#change((service) => this.#store.markStopped(service));
  }

  async #change(work: (service: Service) => Promise<void>): Promise<void> {
    if (!this.#registered) throw new TypeError('The service is not registered');
    const { info, service } = this.#registered;
    try {
      await work(service);
    } catch (error) {
      if (error instanceof ServiceNotFound) throw new ServiceRecordMissing(info, { cause: error });
      throw error;
    }
  }
}
