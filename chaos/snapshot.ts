import { join } from 'node:path';
import { type FakeGuest, readGuests } from '@mini-nova/compute/virt/fake/fake-driver';
import type { AllocationRow, InventoryRow, ResourceProviderRow } from '@mini-nova/data/allocations/tables';
import type { ComputeNodeRow } from '@mini-nova/data/compute-nodes/table';
import type { Database } from '@mini-nova/data/database';
import { MigrationStore } from '@mini-nova/data/instance-migrations/store';
import { InstanceStore } from '@mini-nova/data/instances/store';
import type { PortRow } from '@mini-nova/data/ports/table';
import type { Instance, Migration } from '@mini-nova/objects';

/** Everything that is recorded, and everything that exists. */
export interface Snapshot {
  /** Including deleted ones. */
  instances: readonly Instance[];
  /** The newest fault of each instance that has one. */
  faults: ReadonlyMap<string, string>;
  /** The newest migration under way of each instance that has one. */
  moves: ReadonlyMap<string, Migration>;
  allocations: readonly AllocationRow[];
  providers: readonly ResourceProviderRow[];
  inventories: readonly InventoryRow[];
  ports: readonly PortRow[];
  computeNodes: readonly Pick<
    ComputeNodeRow,
    'host' | 'hypervisor_hostname' | 'vcpus_used' | 'running_vms'
  >[];
  /** Instances for which a build request is kept. */
  buildRequests: ReadonlySet<string>;
  /** By host, by instance. */
  guests: ReadonlyMap<string, Readonly<Record<string, FakeGuest>>>;
}

export async function takeSnapshot(
  db: Database,
  computes: readonly string[],
  guestsPath: string,
): Promise<Snapshot> {
  const records = await db.snapshot(async (trx) => {
    const store = new InstanceStore(trx);
    const faults = await trx
      .selectFrom('instance_faults')
      .select(['instance_uuid', 'message'])
      .orderBy('id')
      .execute();
    const buildRequests = await trx.selectFrom('build_requests').select('instance_uuid').execute();
    return {
      instances: (await store.list({ deleted: 'any' })).objects,
      faults: new Map(faults.map(({ instance_uuid, message }) => [instance_uuid, message ?? ''])),
      buildRequests: new Set(buildRequests.map(({ instance_uuid }) => instance_uuid)),
      moves: new Map(
        [...(await new MigrationStore(trx).list({ underWay: true }))]
          .reverse()
          .map((move) => [move.instance_uuid ?? '', move]),
      ),
      allocations: await trx.selectFrom('allocations').selectAll().execute(),
      providers: await trx.selectFrom('resource_providers').selectAll().execute(),
      inventories: await trx.selectFrom('inventories').selectAll().execute(),
      ports: await trx.selectFrom('ports').selectAll().execute(),
      computeNodes: await trx.selectFrom('compute_nodes').selectAll().where('deleted', '=', false).execute(),
    };
  });
  const guests = new Map(computes.map((host) => [host, readGuests(join(guestsPath, `${host}.json`))]));
  return { ...records, guests };
}
