import { dictOfStrings } from '../fields/containers.ts';
import { nullable, withDefault } from '../fields/field.ts';
import { persistentFields } from '../fields/persistent.ts';
import { integer, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { pciDeviceStatus, pciDeviceType } from '../fields/vocabularies.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';

/** A PCI device of a host. */
export class PciDevice extends versionedObject('PciDevice', '1.7', {
  id: integer(),
  uuid: uuid(),
  compute_node_id: nullable(integer()),
  address: string(),
  vendor_id: string(),
  product_id: string(),
  dev_type: pciDeviceType(),
  status: pciDeviceStatus(),
  dev_id: nullable(string()),
  label: nullable(string()),
  instance_uuid: nullable(string()),
  request_id: nullable(string()),
  extra_info: withDefault(dictOfStrings(), {}),
  numa_node: nullable(integer()),
  parent_addr: nullable(string()),
  ...persistentFields,
}) {}

export class PciDeviceList extends objectList('PciDeviceList', '1.3', PciDevice) {}
