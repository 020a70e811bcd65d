export { backport, type ObjectVersions } from './backport.ts';
export {
  FieldError,
  FieldNotSet,
  IncompatibleObjectVersion,
  InvalidObjectPrimitive,
  ObjectError,
  UnknownField,
  UnsupportedObject,
} from './errors.ts';
export type { Field, FieldValue } from './fields/field.ts';
export * as fields from './fields/index.ts';
export type { ObjectDefinition } from './layout.ts';
export { NovaObject } from './nova-object.ts';
export { type ListValues, type ObjectListClass, objectList } from './object-list.ts';
export { BlockDeviceMapping, BlockDeviceMappingList } from './objects/block-device-mapping.ts';
export { BuildRequest, BuildRequestList } from './objects/build-request.ts';
export { CellMapping } from './objects/cell-mapping.ts';
export { ComputeNode, ComputeNodeList } from './objects/compute-node.ts';
export { CpuDiagnostics } from './objects/cpu-diagnostics.ts';
export { Destination } from './objects/destination.ts';
export {
  IDEDeviceBus,
  PCIDeviceBus,
  SCSIDeviceBus,
  USBDeviceBus,
  XenDeviceBus,
} from './objects/device-bus.ts';
export { Diagnostics } from './objects/diagnostics.ts';
export { DiskDiagnostics } from './objects/disk-diagnostics.ts';
export { EC2Ids } from './objects/ec2-ids.ts';
export { Flavor, FlavorList } from './objects/flavor.ts';
export { HVSpec } from './objects/hv-spec.ts';
export { ImageMeta } from './objects/image-meta.ts';
export { ImageMetaProps } from './objects/image-meta-props.ts';
export { Instance, InstanceList } from './objects/instance.ts';
export {
  DiskMetadata,
  InstanceDeviceMetadata,
  NetworkInterfaceMetadata,
} from './objects/instance-device-metadata.ts';
export { InstanceFault, InstanceFaultList } from './objects/instance-fault.ts';
export { InstanceGroup } from './objects/instance-group.ts';
export { InstanceInfoCache } from './objects/instance-info-cache.ts';
export { InstanceNUMACell, InstanceNUMATopology } from './objects/instance-numa-topology.ts';
export { InstancePCIRequest, InstancePCIRequests } from './objects/instance-pci-requests.ts';
export { KeyPair, KeyPairList } from './objects/key-pair.ts';
export {
  LibvirtLiveMigrateBDMInfo,
  LibvirtLiveMigrateData,
  LibvirtLiveMigrateNUMAInfo,
} from './objects/libvirt-live-migrate-data.ts';
export { MemoryDiagnostics } from './objects/memory-diagnostics.ts';
export { Migration, MigrationList } from './objects/migration.ts';
export { MigrationContext } from './objects/migration-context.ts';
export { NetworkMetadata } from './objects/network-metadata.ts';
export { NetworkRequest, NetworkRequestList } from './objects/network-request.ts';
export { NicDiagnostics } from './objects/nic-diagnostics.ts';
export { NUMATopologyLimits } from './objects/numa-topology-limits.ts';
export { PciDevice, PciDeviceList } from './objects/pci-device.ts';
export { PciDevicePool, PciDevicePoolList } from './objects/pci-device-pool.ts';
export { RequestGroup } from './objects/request-group.ts';
export { RequestLevelParams } from './objects/request-level-params.ts';
export { RequestSpec, type RequestSpecComponents } from './objects/request-spec.ts';
export { LibvirtVPMEMDevice, Resource, ResourceList, ResourceMetadata } from './objects/resource.ts';
export { SchedulerLimits } from './objects/scheduler-limits.ts';
export { SchedulerRetries } from './objects/scheduler-retries.ts';
export { SecurityGroup, SecurityGroupList } from './objects/security-group.ts';
export { Selection } from './objects/selection.ts';
export { Service, ServiceList } from './objects/service.ts';
export { Tag, TagList } from './objects/tag.ts';
export { TrustedCerts } from './objects/trusted-certs.ts';
export { VIFMigrateData } from './objects/vif-migrate-data.ts';
export { VirtCPUFeature, VirtCPUModel } from './objects/virt-cpu-model.ts';
export { VirtCPUTopology } from './objects/virt-cpu-topology.ts';
export { isNewer, isObjectPrimitive } from './primitive.ts';
export { objectClass, objectFromPrimitive, objectVersions } from './registry.ts';
export { NovaObjectSerializer } from './serializer.ts';
export {
  type ChangesOf,
  type Fields,
  type FieldValues,
  type VersionedObjectClass,
  versionedObject,
} from './versioned-object.ts';
