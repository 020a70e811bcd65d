import type { ConductorAPI } from '@mini-nova/conductor/rpcapi';
import { ServiceBinaryExists, ServiceNotFound } from '@mini-nova/domain/exceptions';
import { SEEN_WHEN_STOPPED } from '@mini-nova/domain/liveness';
import { CLOCK_SKEW } from '@mini-nova/domain/reported-skew';
import { type ChangesOf, Service } from '@mini-nova/objects';
import {
  ClockComparison,
  RequestContext,
  type ServiceInfo,
  ServiceRecordMissing,
  type ServiceRecords,
} from '@mini-nova/service';

/** Milliseconds. On the wire, objects have their times truncated to whole seconds. */
const WIRE_PRECISION = 1000;

/** The record of a service that has no database, kept through the conductor. */
export class ConductorServiceRecords implements ServiceRecords {
  readonly #conductor: ConductorAPI;
  #registered: { info: ServiceInfo; service: Service } | undefined;
  readonly #clocks = new ClockComparison();

  constructor(conductor: ConductorAPI) {
    this.#conductor = conductor;
  }

  /** Compared with the conductor's database, whose time is in the conductor's answers. */
  get clockSkew(): number | null {
    return this.#clocks.seconds;
  }

  async register(info: ServiceInfo): Promise<void> {
    const service = (await this.#takeOver(info)) ?? (await this.#create(info));
    this.#registered = { info, service };
  }

  /** Updates the record of an earlier run, if there is one. The update counts as a heartbeat. */
  async #takeOver({ host, binary, topic, version }: ServiceInfo): Promise<Service | undefined> {
    const ctxt = RequestContext.admin();
    const service = await this.#conductor.serviceGet(ctxt, host, binary);
    if (!service) return undefined;
    await this.#conductor.serviceSave(ctxt, service, { topic, version });
    await this.#comparingClocks(service, () =>
      this.#conductor.serviceSave(ctxt, service, { report_count: service.report_count + 1 }),
    );
    return service;
  }

  async #create(info: ServiceInfo): Promise<Service> {
    const service = new Service({ ...info });
    try {
      await this.#comparingClocks(service, () =>
        this.#conductor.serviceCreate(RequestContext.admin(), service),
      );
      return service;
    } catch (error) {
      const created = error instanceof ServiceBinaryExists ? await this.#takeOver(info) : undefined;
      if (created) return created;
      throw error;
    }
  }

  async heartbeat(): Promise<void> {
    const { service } = this.#registered ?? {};
    const beat = () => this.#save(({ report_count }) => ({ report_count: report_count + 1 }));
    await (service === undefined ? beat() : this.#comparingClocks(service, beat));
  }

  async stopped(): Promise<void> {
    await this.#save(() => ({ last_seen_up: SEEN_WHEN_STOPPED }));
  }

  /** Compares the clocks if `run` puts the database's time into the record. */
  async #comparingClocks(service: Service, run: () => Promise<void>): Promise<void> {
    const { last_seen_up: before = null } = service.values();
    const askedAt = performance.now();
    await run();
    const { last_seen_up: seen = null } = service.values();
    if (seen !== null && seen.getTime() !== before?.getTime()) {
      this.#clocks.note(seen, askedAt, WIRE_PRECISION);
    }
  }

  async #save(changesOf: (service: Service) => ChangesOf<Service>): Promise<void> {
    if (!this.#registered) throw new TypeError('The service is not registered');
    const { info, service } = this.#registered;
    try {
      await this.#conductor.serviceHeartbeat(this.#context(), service, changesOf(service));
    } catch (error) {
      if (error instanceof ServiceNotFound) throw new ServiceRecordMissing(info, { cause: error });
      throw error;
    }
  }

  /** Carries the skew, which the conductor records with the heartbeat. */
  #context(): RequestContext {
    const extra = this.clockSkew === null ? {} : { [CLOCK_SKEW]: this.clockSkew };
    return RequestContext.admin({ extra });
  }
}
