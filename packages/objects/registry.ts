import type { JsonValue } from '@mini-nova/messaging';
import { UnsupportedObject } from './errors.ts';
import type { ObjectType } from './fields/objects.ts';
import type { NovaObject } from './nova-object.ts';
import { BlockDeviceMapping, BlockDeviceMappingList } from './objects/block-device-mapping.ts';
import { BuildRequest, BuildRequestList } from './objects/build-request.ts';
import { CellMapping } from './objects/cell-mapping.ts';
import { ComputeNode, ComputeNodeList } from './objects/compute-node.ts';
import { CpuDiagnostics } from './objects/cpu-diagnostics.ts';
import { Destination } from './objects/destination.ts';
import {
  IDEDeviceBus,
  PCIDeviceBus,
  SCSIDeviceBus,
  USBDeviceBus,
  XenDeviceBus,
} from './objects/device-bus.ts';
import { Diagnostics } from './objects/diagnostics.ts';
import { DiskDiagnostics } from './objects/disk-diagnostics.ts';
import { EC2Ids } from './objects/ec2-ids.ts';
import { Flavor, FlavorList } from './objects/flavor.ts';
import { HVSpec } from './objects/hv-spec.ts';
import { ImageMeta } from './objects/image-meta.ts';
import { ImageMetaProps } from './objects/image-meta-props.ts';
import { Instance, InstanceList } from './objects/instance.ts';
import {
  DiskMetadata,
  InstanceDeviceMetadata,
  NetworkInterfaceMetadata,
} from './objects/instance-device-metadata.ts';
import { InstanceFault, InstanceFaultList } from './objects/instance-fault.ts';
import { InstanceGroup } from './objects/instance-group.ts';
import { InstanceInfoCache } from './objects/instance-info-cache.ts';
import { InstanceNUMACell, InstanceNUMATopology } from './objects/instance-numa-topology.ts';
import { InstancePCIRequest, InstancePCIRequests } from './objects/instance-pci-requests.ts';
import { KeyPair, KeyPairList } from './objects/key-pair.ts';
import {
  LibvirtLiveMigrateBDMInfo,
  LibvirtLiveMigrateData,
  LibvirtLiveMigrateNUMAInfo,
} from './objects/libvirt-live-migrate-data.ts';
import { MemoryDiagnostics } from './objects/memory-diagnostics.ts';
import { Migration, MigrationList } from './objects/migration.ts';
import { MigrationContext } from './objects/migration-context.ts';
import { NetworkMetadata } from './objects/network-metadata.ts';
import { NetworkRequest, NetworkRequestList } from './objects/network-request.ts';
import { NicDiagnostics } from './objects/nic-diagnostics.ts';
import { NUMATopologyLimits } from './objects/numa-topology-limits.ts';
import { PciDevice, PciDeviceList } from './objects/pci-device.ts';
import { PciDevicePool, PciDevicePoolList } from './objects/pci-device-pool.ts';
import { RequestGroup } from './objects/request-group.ts';
import { RequestLevelParams } from './objects/request-level-params.ts';
import { RequestSpec } from './objects/request-spec.ts';
import { LibvirtVPMEMDevice, Resource, ResourceList, ResourceMetadata } from './objects/resource.ts';
import { SchedulerLimits } from './objects/scheduler-limits.ts';
import { SchedulerRetries } from './objects/scheduler-retries.ts';
import { SecurityGroup, SecurityGroupList } from './objects/security-group.ts';
import { Selection } from './objects/selection.ts';
import { Service, ServiceList } from './objects/service.ts';
import { Tag, TagList } from './objects/tag.ts';
import { TrustedCerts } from './objects/trusted-certs.ts';
import { VIFMigrateData } from './objects/vif-migrate-data.ts';
import { VirtCPUFeature, VirtCPUModel } from './objects/virt-cpu-model.ts';
import { VirtCPUTopology } from './objects/virt-cpu-topology.ts';
import { headerOf } from './primitive.ts';

/** A class of the registry. */
type RegisteredClass = ObjectType & { readonly objVersion: string };

/** Every class that can arrive on the wire. */
const classes: readonly RegisteredClass[] = [
  BlockDeviceMapping,
  BlockDeviceMappingList,
  BuildRequest,
  BuildRequestList,
  CellMapping,
  ComputeNode,
  ComputeNodeList,
  CpuDiagnostics,
  Destination,
  Diagnostics,
  DiskDiagnostics,
  DiskMetadata,
  EC2Ids,
  Flavor,
  FlavorList,
  HVSpec,
  IDEDeviceBus,
  ImageMeta,
  ImageMetaProps,
  Instance,
  InstanceDeviceMetadata,
  InstanceFault,
  InstanceFaultList,
  InstanceGroup,
  InstanceInfoCache,
  InstanceList,
  InstanceNUMACell,
  InstanceNUMATopology,
  InstancePCIRequest,
  InstancePCIRequests,
  KeyPair,
  KeyPairList,
  LibvirtLiveMigrateBDMInfo,
  LibvirtLiveMigrateData,
  LibvirtLiveMigrateNUMAInfo,
  LibvirtVPMEMDevice,
  MemoryDiagnostics,
  Migration,
  MigrationContext,
  MigrationList,
  NUMATopologyLimits,
  NetworkInterfaceMetadata,
  NetworkMetadata,
  NetworkRequest,
  NetworkRequestList,
  NicDiagnostics,
  PCIDeviceBus,
  PciDevice,
  PciDeviceList,
  PciDevicePool,
  PciDevicePoolList,
  RequestGroup,
  RequestLevelParams,
  RequestSpec,
  Resource,
  ResourceList,
  ResourceMetadata,
  SCSIDeviceBus,
  SchedulerLimits,
  SchedulerRetries,
  SecurityGroup,
  SecurityGroupList,
  Selection,
  Service,
  ServiceList,
  Tag,
  TagList,
  TrustedCerts,
  USBDeviceBus,
  VIFMigrateData,
  VirtCPUFeature,
  VirtCPUModel,
  VirtCPUTopology,
  XenDeviceBus,
];

const byName = new Map(classes.map((type) => [type.objName, type]));

/**
 * Makes the object, of any known class.
 * @throws UnsupportedObject, IncompatibleObjectVersion, FieldError, InvalidObjectPrimitive
 */
export function objectFromPrimitive(primitive: JsonValue): NovaObject {
  const type = objectClass(headerOf(primitive).name);
  return type.fromPrimitive(primitive) as NovaObject;
}

/** The class of that name. @throws UnsupportedObject */
export function objectClass(name: string): RegisteredClass {
  const type = byName.get(name);
  if (type === undefined) throw new UnsupportedObject(name);
  return type;
}

/** The version of each class that we know, as sent with `object_class_action_versions`. */
export function objectVersions(): { [objname: string]: string } {
  return Object.fromEntries(classes.map((type) => [type.objName, type.objVersion]));
}
