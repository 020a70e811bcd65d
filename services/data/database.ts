import {
  type Database as DatabaseOf,
  openDatabase as open,
  type Queryable as QueryableOn,
  type TransactionOptions as TransactionOptionsOf,
} from '@mini-nova/database';
import type { AllocationsTable, InventoriesTable, ResourceProvidersTable } from './allocations/tables.ts';
import type { BuildRequestsTable } from './build-requests/table.ts';
import type { ComputeNodesTable } from './compute-nodes/table.ts';
import type { FlavorsTable } from './flavors/table.ts';
import type { InstanceFaultsTable } from './instance-faults/table.ts';
import type { MigrationsTable } from './instance-migrations/table.ts';
import type { InstancesTable } from './instances/table.ts';
import type { NetworksTable } from './networks/table.ts';
import type { PortsTable } from './ports/table.ts';
import type { RequestSpecsTable } from './request-specs/table.ts';
import type { ServicesTable } from './services/table.ts';

/** Column names are wire names; those of `instances` are the fields of the Instance object. */
export interface Schema {
  services: ServicesTable;
  compute_nodes: ComputeNodesTable;
  instances: InstancesTable;
  instance_faults: InstanceFaultsTable;
  migrations: MigrationsTable;
  build_requests: BuildRequestsTable;
  request_specs: RequestSpecsTable;
  flavors: FlavorsTable;
  resource_providers: ResourceProvidersTable;
  inventories: InventoriesTable;
  allocations: AllocationsTable;
  networks: NetworksTable;
  ports: PortsTable;
}

export type Database = DatabaseOf<Schema>;

/** Where queries run: `database.kysely`, or the handle of a transaction. */
export type Queryable = QueryableOn<Schema>;

export type TransactionOptions<T = unknown> = TransactionOptionsOf<Schema, T>;

/** `openDatabase` of `@mini-nova/database`, for a database with these tables. */
export const openDatabase = open<Schema>;
