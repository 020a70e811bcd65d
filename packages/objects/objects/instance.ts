import { dictOfNullableStrings, dictOfStrings } from '../fields/containers.ts';
import { dateTime } from '../fields/date-time.ts';
import { nullable, withDefault } from '../fields/field.ts';
import { object } from '../fields/objects.ts';
import { persistentFields } from '../fields/persistent.ts';
import { boolean, integer, string } from '../fields/scalars.ts';
import { ipv4Address, ipv6Address, uuid } from '../fields/texts.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';
import { EC2Ids } from './ec2-ids.ts';
import { Flavor } from './flavor.ts';
import { InstanceDeviceMetadata } from './instance-device-metadata.ts';
import { InstanceFault } from './instance-fault.ts';
import { InstanceInfoCache } from './instance-info-cache.ts';
import { InstanceNUMATopology } from './instance-numa-topology.ts';
import { InstancePCIRequests } from './instance-pci-requests.ts';
import { KeyPairList } from './key-pair.ts';
import { MigrationContext } from './migration-context.ts';
import { PciDeviceList } from './pci-device.ts';
import { ResourceList } from './resource.ts';
import { SecurityGroupList } from './security-group.ts';
import { ServiceList } from './service.ts';
import { TagList } from './tag.ts';
import { TrustedCerts } from './trusted-certs.ts';
import { VirtCPUModel } from './virt-cpu-model.ts';

/** A server. Units: memory_mb MiB, root_gb and ephemeral_gb GiB. */
export class Instance extends versionedObject('Instance', '2.7', {
  id: integer(),
  user_id: nullable(string()),
  project_id: nullable(string()),
  image_ref: nullable(string()),
  kernel_id: nullable(string()),
  ramdisk_id: nullable(string()),
  hostname: nullable(string()),
  launch_index: nullable(integer()),
  key_name: nullable(string()),
  key_data: nullable(string()),
  power_state: nullable(integer()),
  vm_state: nullable(string()),
  task_state: nullable(string()),
  services: object(ServiceList),
  memory_mb: nullable(integer()),
  vcpus: nullable(integer()),
  root_gb: nullable(integer()),
  ephemeral_gb: nullable(integer()),
  ephemeral_key_uuid: nullable(uuid()),
  host: nullable(string()),
  node: nullable(string()),
  instance_type_id: nullable(integer()),
  user_data: nullable(string()),
  reservation_id: nullable(string()),
  launched_at: nullable(dateTime()),
  terminated_at: nullable(dateTime()),
  availability_zone: nullable(string()),
  display_name: nullable(string()),
  display_description: nullable(string()),
  launched_on: nullable(string()),
  locked: withDefault(boolean(), false),
  locked_by: nullable(string()),
  os_type: nullable(string()),
  architecture: nullable(string()),
  vm_mode: nullable(string()),
  uuid: uuid(),
  root_device_name: nullable(string()),
  default_ephemeral_device: nullable(string()),
  default_swap_device: nullable(string()),
  config_drive: nullable(string()),
  access_ip_v4: nullable(ipv4Address()),
  access_ip_v6: nullable(ipv6Address()),
  auto_disk_config: withDefault(boolean(), false),
  progress: nullable(integer()),
  shutdown_terminate: withDefault(boolean(), false),
  disable_terminate: withDefault(boolean(), false),
  cell_name: nullable(string()),
  metadata: dictOfStrings(),
  system_metadata: dictOfNullableStrings(),
  info_cache: nullable(object(InstanceInfoCache)),
  security_groups: object(SecurityGroupList),
  fault: nullable(object(InstanceFault)),
  cleaned: withDefault(boolean(), false),
  pci_devices: nullable(object(PciDeviceList)),
  numa_topology: nullable(object(InstanceNUMATopology)),
  pci_requests: nullable(object(InstancePCIRequests)),
  device_metadata: nullable(object(InstanceDeviceMetadata)),
  tags: object(TagList),
  flavor: object(Flavor),
  old_flavor: nullable(object(Flavor)),
  new_flavor: nullable(object(Flavor)),
  vcpu_model: nullable(object(VirtCPUModel)),
  ec2_ids: object(EC2Ids),
  migration_context: nullable(object(MigrationContext)),
  keypairs: object(KeyPairList),
  trusted_certs: nullable(object(TrustedCerts)),
  hidden: withDefault(boolean(), false),
  resources: nullable(object(ResourceList)),
  ...persistentFields,
}) {
  /** The name hypervisors know it by. @throws FieldNotSet before the database has given it an id */
  get name(): string {
    return `instance-${this.id.toString(16).padStart(8, '0')}`;
  }
}

export class InstanceList extends objectList('InstanceList', '2.6', Instance) {}
