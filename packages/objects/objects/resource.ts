import { object } from '../fields/objects.ts';
import { integer, string } from '../fields/scalars.ts';
import { resourceClass, uuid } from '../fields/texts.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';

/** What a host knows about an assigned resource; hosts add their own kinds. */
export class ResourceMetadata extends versionedObject('ResourceMetadata', '1.0', {}) {}

/** A virtual persistent memory device. Units: size and align bytes. */
export class LibvirtVPMEMDevice extends versionedObject('LibvirtVPMEMDevice', '1.0', {
  label: string(),
  name: string(),
  size: integer(),
  devpath: string(),
  align: integer(),
}) {}

/** One resource assigned to an instance. */
export class Resource extends versionedObject('Resource', '1.0', {
  provider_uuid: uuid(),
  resource_class: resourceClass(),
  identifier: string(),
  metadata: object(LibvirtVPMEMDevice, ResourceMetadata),
}) {}

export class ResourceList extends objectList('ResourceList', '1.0', Resource) {}
