import { dictOfNullableStrings } from '../fields/containers.ts';
import { nullable } from '../fields/field.ts';
import { integer, string } from '../fields/scalars.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';

/** Like PCI devices of a host, counted. */
export class PciDevicePool extends versionedObject('PciDevicePool', '1.1', {
  product_id: string(),
  vendor_id: string(),
  numa_node: nullable(integer()),
  tags: dictOfNullableStrings(),
  count: integer(),
}) {}

export class PciDevicePoolList extends objectList('PciDevicePoolList', '1.1', PciDevicePool) {}
