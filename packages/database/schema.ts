import type { Generated, Insertable, Selectable, Updateable } from 'kysely';

/** ISO-8601 UTC text with milliseconds: `2026-01-31T12:00:00.000Z`. Sorts as time on both dialects. */
export type Timestamp = string;

/** JSON text. This package neither reads nor writes what is inside. */
export type JsonText = string;

interface Times {
  created_at: Timestamp;
  updated_at: Timestamp | null;
}

/** Rows that are marked deleted, not removed. */
interface SoftDeleted extends Times {
  deleted_at: Timestamp | null;
  deleted: Generated<boolean>;
}

export interface ServicesTable extends SoftDeleted {
  id: Generated<number>;
  uuid: string;
  host: string;
  binary: string;
  topic: string | null;
  report_count: Generated<number>;
  disabled: Generated<boolean>;
  disabled_reason: string | null;
  last_seen_up: Timestamp | null;
  forced_down: Generated<boolean>;
  version: Generated<number>;
  /** Null: the configured default zone. */
  availability_zone: string | null;
  /** Seconds by which the daemon's clock is ahead of the database's, negative when behind; null: unknown. */
  clock_skew: number | null;
}

export interface ComputeNodesTable extends SoftDeleted {
  id: Generated<number>;
  uuid: string;
  service_id: number | null;
  host: string;
  hypervisor_hostname: string;
  hypervisor_type: string;
  hypervisor_version: number;
  host_ip: string | null;
  vcpus: number;
  /** MiB, as the other `_mb`. */
  memory_mb: number;
  /** GiB, as the other `_gb`. */
  local_gb: number;
  vcpus_used: number;
  memory_mb_used: number;
  local_gb_used: number;
  free_ram_mb: number | null;
  free_disk_gb: number | null;
  disk_available_least: number | null;
  current_workload: number | null;
  running_vms: number | null;
  cpu_info: JsonText | null;
  metrics: JsonText | null;
  stats: JsonText | null;
  numa_topology: JsonText | null;
  supported_hv_specs: JsonText | null;
  pci_device_pools: JsonText | null;
  cpu_allocation_ratio: number | null;
  ram_allocation_ratio: number | null;
  disk_allocation_ratio: number | null;
  mapped: Generated<number>;
}

/** Columns are named as the fields of the Instance object; what is an object or a dict there is JSON text here. */
export interface InstancesTable extends SoftDeleted {
  id: Generated<number>;
  uuid: string;
  user_id: string | null;
  project_id: string | null;
  image_ref: string | null;
  kernel_id: string | null;
  ramdisk_id: string | null;
  hostname: string | null;
  launch_index: number | null;
  key_name: string | null;
  key_data: string | null;
  power_state: number | null;
  vm_state: string | null;
  task_state: string | null;
  memory_mb: number | null;
  vcpus: number | null;
  root_gb: number | null;
  ephemeral_gb: number | null;
  ephemeral_key_uuid: string | null;
  host: string | null;
  node: string | null;
  instance_type_id: number | null;
  user_data: string | null;
  reservation_id: string | null;
  launched_at: Timestamp | null;
  terminated_at: Timestamp | null;
  availability_zone: string | null;
  display_name: string | null;
  display_description: string | null;
  launched_on: string | null;
  locked: Generated<boolean>;
  locked_by: string | null;
  os_type: string | null;
  architecture: string | null;
  vm_mode: string | null;
  root_device_name: string | null;
  default_ephemeral_device: string | null;
  default_swap_device: string | null;
  config_drive: string | null;
  access_ip_v4: string | null;
  access_ip_v6: string | null;
  auto_disk_config: Generated<boolean>;
  progress: number | null;
  shutdown_terminate: Generated<boolean>;
  disable_terminate: Generated<boolean>;
  cell_name: string | null;
  cleaned: Generated<boolean>;
  hidden: Generated<boolean>;
  metadata: JsonText | null;
  system_metadata: JsonText | null;
  info_cache: JsonText | null;
  security_groups: JsonText | null;
  flavor: JsonText | null;
  old_flavor: JsonText | null;
  new_flavor: JsonText | null;
  numa_topology: JsonText | null;
  pci_requests: JsonText | null;
  pci_devices: JsonText | null;
  device_metadata: JsonText | null;
  tags: JsonText | null;
  vcpu_model: JsonText | null;
  ec2_ids: JsonText | null;
  keypairs: JsonText | null;
  trusted_certs: JsonText | null;
  resources: JsonText | null;
  migration_context: JsonText | null;
}

export interface InstanceFaultsTable {
  id: Generated<number>;
  instance_uuid: string;
  code: number;
  message: string | null;
  details: string | null;
  host: string | null;
  created_at: Timestamp;
  updated_at: Timestamp | null;
}

export interface BuildRequestsTable extends Times {
  id: Generated<number>;
  instance_uuid: string;
  project_id: string;
  instance: JsonText;
  block_device_mappings: JsonText;
  tags: JsonText;
}

export interface RequestSpecsTable extends Times {
  id: Generated<number>;
  instance_uuid: string;
  spec: JsonText;
}

export interface FlavorsTable extends SoftDeleted {
  id: Generated<number>;
  name: string;
  flavorid: string;
  memory_mb: number;
  vcpus: number;
  root_gb: number;
  ephemeral_gb: Generated<number>;
  /** MiB. */
  swap: Generated<number>;
  rxtx_factor: Generated<number>;
  vcpu_weight: Generated<number | null>;
  disabled: Generated<boolean>;
  is_public: Generated<boolean>;
  extra_specs: Generated<JsonText>;
  description: string | null;
}

/** A compute node as a source of resources; its uuid is the compute node's. */
export interface ResourceProvidersTable extends Times {
  uuid: string;
  name: string;
  /** Raised by every change of inventory and every claim; a writer that read an older one starts again. */
  generation: Generated<number>;
}

export interface InventoriesTable {
  provider_uuid: string;
  resource_class: string;
  total: number;
  reserved: number;
  allocation_ratio: number;
}

export interface AllocationsTable {
  consumer_uuid: string;
  provider_uuid: string;
  resource_class: string;
  used: number;
  created_at: Timestamp;
}

export interface NetworksTable extends Times {
  uuid: string;
  label: string;
  /** IPv4: `10.0.0.0/16`. */
  cidr: string;
  gateway: string;
  bridge: string;
  mtu: number;
}

export interface PortsTable extends Times {
  uuid: string;
  network_uuid: string;
  mac_address: string;
  ip_address: string;
  /** The address as a number, by which the lowest free one is found. */
  ip_number: number;
  /** The instance it is bound to. */
  device_uuid: string | null;
  /** Its place among the ports of that instance, in the order they were asked for. */
  device_index: number;
  host: string | null;
  /** False for a port that the user brought: it outlives the instance. */
  created_for_instance: boolean;
}

export interface SchemaVersionTable {
  version: number;
  name: string;
  applied_at: Timestamp;
}

export interface Schema {
  services: ServicesTable;
  compute_nodes: ComputeNodesTable;
  instances: InstancesTable;
  instance_faults: InstanceFaultsTable;
  build_requests: BuildRequestsTable;
  request_specs: RequestSpecsTable;
  flavors: FlavorsTable;
  resource_providers: ResourceProvidersTable;
  inventories: InventoriesTable;
  allocations: AllocationsTable;
  networks: NetworksTable;
  ports: PortsTable;
  schema_version: SchemaVersionTable;
}

export type ServiceRow = Selectable<ServicesTable>;
export type NewService = Insertable<ServicesTable>;
export type ServiceChanges = Updateable<ServicesTable>;
export type ComputeNodeRow = Selectable<ComputeNodesTable>;
export type NewComputeNode = Insertable<ComputeNodesTable>;
export type ComputeNodeChanges = Updateable<ComputeNodesTable>;
export type InstanceRow = Selectable<InstancesTable>;
export type NewInstance = Insertable<InstancesTable>;
export type InstanceChanges = Updateable<InstancesTable>;
export type InstanceFaultRow = Selectable<InstanceFaultsTable>;
export type NewInstanceFault = Insertable<InstanceFaultsTable>;
export type BuildRequestRow = Selectable<BuildRequestsTable>;
export type NewBuildRequest = Insertable<BuildRequestsTable>;
export type RequestSpecRow = Selectable<RequestSpecsTable>;
export type NewRequestSpec = Insertable<RequestSpecsTable>;
export type FlavorRow = Selectable<FlavorsTable>;
export type NewFlavor = Insertable<FlavorsTable>;
export type ResourceProviderRow = Selectable<ResourceProvidersTable>;
export type InventoryRow = Selectable<InventoriesTable>;
export type AllocationRow = Selectable<AllocationsTable>;
export type NetworkRow = Selectable<NetworksTable>;
export type PortRow = Selectable<PortsTable>;
export type NewPort = Insertable<PortsTable>;
