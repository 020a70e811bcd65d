export { clockOf, DatabaseClock, databaseNow, databaseTimestamp } from './clock.ts';
export { type ConnectionUrl, type Dialect, parseConnectionUrl } from './connection-url.ts';
export {
  Database,
  type DatabaseOptions,
  openDatabase,
  type Queryable,
  type TransactionOptions,
} from './database.ts';
export { isUniqueViolation } from './drivers/driver-errors.ts';
export {
  AddressesExhausted,
  AddressInUse,
  AddressNotAllocatable,
  DatabaseError,
  DatabaseRefused,
  DatabaseUnavailable,
  type DatabaseUnavailableOptions,
  DatabaseUrlError,
  InvalidCidr,
  InvalidPattern,
  NestedTransaction,
  NetworkMissing,
  type Outcome,
  SchemaOutOfDate,
} from './errors.ts';
export { idempotent } from './idempotent.ts';
export { formatIpv4, type Ipv4Range, parseCidr, parseIpv4 } from './ipv4.ts';
export type { Logger } from './logger.ts';
export { assertMigrated, migrate, type SchemaVersion, schemaVersion } from './migrate.ts';
export { patienceLeft, withNewPatience, withPatience } from './patience.ts';
export { Pattern } from './pattern/pattern.ts';
export {
  type ArchiveOptions,
  archiveDeletedRows,
  purgeShadowTables,
  type RowCounts,
} from './queries/archive.ts';
export {
  deleteBuildRequest,
  findBuildRequest,
  insertBuildRequest,
  listBuildRequests,
  updateBuildRequest,
} from './queries/build-requests.ts';
export {
  type ComputeHost,
  findComputeNode,
  findComputeNodeById,
  findComputeNodeByUuid,
  insertComputeNode,
  listComputeHosts,
  listComputeNodes,
  softDeleteComputeNode,
  updateComputeNode,
} from './queries/compute-nodes.ts';
export { listEndedConsumers, lockConsumers } from './queries/consumers.ts';
export {
  type FlavorSearch,
  findFlavor,
  findFlavorByFlavorid,
  findFlavorByName,
  insertFlavor,
  listFlavors,
  softDeleteFlavor,
} from './queries/flavors.ts';
export { insertInstanceFault, latestInstanceFaults } from './queries/instance-faults.ts';
export {
  type InstanceCondition,
  type InstanceSearch,
  type NumberColumn,
  searchInstances,
  type TextColumn,
  type TimeColumn,
} from './queries/instance-search.ts';
export {
  findInstance,
  type InstanceFilters,
  type InstanceGuard,
  insertInstance,
  listInstances,
  lockInstance,
  type RestingStates,
  softDeleteInstance,
  touchScheduling,
  updateInstance,
} from './queries/instances.ts';
export {
  ensureNetwork,
  findNetwork,
  findNetworkByLabel,
  listNetworks,
  type NetworkRequest,
} from './queries/networks.ts';
export {
  allocatePort,
  allocatePortIn,
  type LostPort,
  type PortRequest,
  restorePort,
} from './queries/port-allocation.ts';
export {
  bindPort,
  deletePort,
  findPort,
  listEndedDevices,
  listPortsOfDevice,
  listPortsOfHost,
  movePorts,
  type PortBinding,
  releasePorts,
} from './queries/ports.ts';
export {
  advanceGenerations,
  dateAllocations,
  deleteAllocations,
  deleteAllocationsDated,
  ensureProvider,
  findProvider,
  insertAllocations,
  listAllocationsOfConsumer,
  listAllocationsOfProvider,
  listInventories,
  listOrphanedAllocations,
  listUnknownConsumers,
  listUsages,
  lockProviders,
  type NewInventory,
  type OrphanedAllocation,
  replaceInventories,
  type Usage,
} from './queries/providers.ts';
export {
  deleteRequestSpec,
  findRequestSpec,
  insertRequestSpec,
  updateRequestSpec,
} from './queries/request-specs.ts';
export {
  findService,
  findServiceById,
  findServiceByUuid,
  insertService,
  listClockSkews,
  listServices,
  recordHeartbeat,
  type ServiceFilters,
  type ServiceKey,
  softDeleteService,
  updateService,
} from './queries/services.ts';
export type { SortKey } from './queries/sorting.ts';
export type { RepeatOptions } from './repeats.ts';
export type * from './schema.ts';
export type { Turns } from './turns.ts';
