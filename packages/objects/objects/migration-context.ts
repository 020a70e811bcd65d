import { nullable } from '../fields/field.ts';
import { object } from '../fields/objects.ts';
import { persistentFields } from '../fields/persistent.ts';
import { integer } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { versionedObject } from '../versioned-object.ts';
import { InstanceNUMATopology } from './instance-numa-topology.ts';
import { InstancePCIRequests } from './instance-pci-requests.ts';
import { PciDeviceList } from './pci-device.ts';
import { ResourceList } from './resource.ts';

/** The resources that an instance holds before and after a move. */
export class MigrationContext extends versionedObject('MigrationContext', '1.2', {
  instance_uuid: uuid(),
  migration_id: integer(),
  new_numa_topology: nullable(object(InstanceNUMATopology)),
  old_numa_topology: nullable(object(InstanceNUMATopology)),
  new_pci_devices: nullable(object(PciDeviceList)),
  old_pci_devices: nullable(object(PciDeviceList)),
  new_pci_requests: nullable(object(InstancePCIRequests)),
  old_pci_requests: nullable(object(InstancePCIRequests)),
  new_resources: nullable(object(ResourceList)),
  old_resources: nullable(object(ResourceList)),
  ...persistentFields,
}) {}
