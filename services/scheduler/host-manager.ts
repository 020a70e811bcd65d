import { type ComputeHost, listComputeHosts } from '@mini-nova/data/compute-nodes/store';
import type { ComputeNodeRow } from '@mini-nova/data/compute-nodes/table';
import type { Database, Queryable } from '@mini-nova/data/database';
import { isAlive } from '@mini-nova/data/services/store';
import { clockOf, databaseNow } from '@mini-nova/database';
import type { ResourceStates } from '@mini-nova/domain/resources';
import { resourcesOfAll } from '@mini-nova/placement/provider-resources';
import { HostState, type NodeColumn } from './host-state.ts';
import type { SchedulerConfig } from './options.ts';

export interface HostManagerOptions {
  db: Database;
  /** Seconds without a report after which a service counts as down, and the zone of hosts whose service names none. */
  config: Pick<SchedulerConfig['DEFAULT'], 'service_down_time' | 'default_availability_zone'>;
  /** What filters and weighers read of the compute nodes' records: each column costs, with many hosts. */
  columns?: readonly NodeColumn[];
}

/** Reads the state of all hosts. Nothing is kept between requests, so nothing is ever stale. */
export class HostManager {
  readonly #options: HostManagerOptions;

  constructor(options: HostManagerOptions) {
    this.#options = options;
  }

  /** All compute nodes whose host has a nova-compute record, as they were at one moment; oldest first. */
  async getHostStates(now: Date = databaseNow(this.#options.db)): Promise<HostState[]> {
    return this.#options.db.snapshot((trx) => this.readHostStates(trx, now));
  }

  /** As `getHostStates`, within a transaction. */
  async readHostStates(trx: Queryable, now: Date = databaseNow(trx)): Promise<HostState[]> {
    const hosts = await listComputeHosts(trx, this.#options.columns);
    const resources = await resourcesOfAll(trx);
    const { service_down_time } = this.#options.config;
    // As for `ServiceStore.isUp`.
    const downTime = service_down_time + clockOf(trx).pardon(service_down_time);
    return hosts.map((row) => this.#hostState(row, resources.get(row.uuid) ?? {}, { downTime, now }));
  }

  #hostState(
    row: ComputeHost,
    resources: ResourceStates,
    { downTime, now }: { downTime: number; now: Date },
  ): HostState {
    const { default_availability_zone } = this.#options.config;
    const lastSeen = new Date(row.last_seen_up ?? row.service_created_at);
    return new HostState({
      uuid: row.uuid,
      host: row.host,
      nodename: row.hypervisor_hostname,
      availabilityZone: row.availability_zone ?? default_availability_zone,
      service: {
        up: isAlive({ forcedDown: row.forced_down, lastSeen }, downTime, now),
        disabled: row.disabled,
      },
      resources,
      // Filters and weighers see of it what they say they read: that is there.
      node: row as ComputeHost & ComputeNodeRow,
    });
  }
}
