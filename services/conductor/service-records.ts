import { type ChangesOf, Service } from '@mini-nova/objects';
import {
  RequestContext,
  type ServiceInfo,
  ServiceRecordMissing,
  type ServiceRecords,
} from '@mini-nova/service';
import { ServiceNotFound } from '../exceptions.ts';
import { SEEN_WHEN_STOPPED } from '../stores/liveness.ts';
import type { ConductorAPI } from './rpcapi.ts';

/** The record of a service that has no database, kept through the conductor. */
export class ConductorServiceRecords implements ServiceRecords {
  readonly #conductor: ConductorAPI;
  #registered: { info: ServiceInfo; service: Service } | undefined;

  constructor(conductor: ConductorAPI) {
    this.#conductor = conductor;
  }

  async register(info: ServiceInfo): Promise<void> {
    const service = new Service({ ...info });
    await this.#conductor.serviceCreate(RequestContext.admin(), service);
    this.#registered = { info, service };
  }

  async heartbeat(): Promise<void> {
    await this.#save(({ report_count }) => ({ report_count: report_count + 1 }));
  }

  async stopped(): Promise<void> {
    await this.#save(() => ({ last_seen_up: SEEN_WHEN_STOPPED }));
  }

  async #save(changesOf: (service: Service) => ChangesOf<Service>): Promise<void> {
    if (!this.#registered) throw new TypeError('The service is not registered');
    const { info, service } = this.#registered;
    try {
      await this.#conductor.serviceSave(RequestContext.admin(), service, changesOf(service));
    } catch (error) {
      if (error instanceof ServiceNotFound) throw new ServiceRecordMissing(info, { cause: error });
      throw error;
    }
  }
}
