import { Service } from '@mini-nova/objects';
import {
  RequestContext,
  type ServiceInfo,
  ServiceRecordMissing,
  type ServiceRecords,
} from '@mini-nova/service';
import { ServiceNotFound } from '../exceptions.ts';
import type { ConductorAPI } from './rpcapi.ts';

/** The record of a service that has no database, kept through the conductor. */
export class ConductorServiceRecords implements ServiceRecords {
  readonly #conductor: ConductorAPI;
  #info: ServiceInfo | undefined;
  #service: Service | undefined;

  constructor(conductor: ConductorAPI) {
    this.#conductor = conductor;
  }

  async register(info: ServiceInfo): Promise<void> {
    const service = new Service({ ...info });
    await this.#conductor.serviceCreate(RequestContext.admin(), service);
    this.#info = info;
    this.#service = service;
  }

  async heartbeat(): Promise<void> {
    if (!this.#service || !this.#info) throw new TypeError('A heartbeat needs a registered service');
    this.#service.report_count += 1;
    try {
      await this.#conductor.serviceSave(RequestContext.admin(), this.#service);
    } catch (error) {
      if (error instanceof ServiceNotFound) throw new ServiceRecordMissing(this.#info, { cause: error });
      throw error;
    }
  }
}
