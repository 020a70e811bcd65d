import type { ComputeNodeStore } from '@mini-nova/data/compute-nodes/store';
import type { Database } from '@mini-nova/data/database';
import type { MigrationStore } from '@mini-nova/data/instance-migrations/store';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import type { ServiceStore } from '@mini-nova/data/services/store';
import type { ActionTable } from './action.ts';
import { computeNodeActions } from './compute-node-actions.ts';
import { instanceActions } from './instance-actions.ts';
import { migrationActions } from './migration-actions.ts';
import { serviceActions } from './service-actions.ts';

/** Where the objects are kept that computes read and save through the conductor. */
export interface ObjectStores {
  db: Database;
  instances: InstanceStore;
  services: ServiceStore;
  computeNodes: ComputeNodeStore;
  migrations: MigrationStore;
}

/** Every object method that the conductor runs for others. */
export function objectActions(stores: ObjectStores): ActionTable {
  const tables = [
    instanceActions(stores.db, stores.instances),
    serviceActions(stores.services),
    computeNodeActions(stores.computeNodes),
    migrationActions(stores.db, stores.migrations),
  ];
  return {
    onClass: Object.assign({}, ...tables.map(({ onClass }) => onClass)),
    onObject: Object.assign({}, ...tables.map(({ onObject }) => onObject)),
  };
}
