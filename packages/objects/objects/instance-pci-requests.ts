import { listOfDictOfNullableStrings } from '../fields/containers.ts';
import { nullable, withDefault } from '../fields/field.ts';
import { listOfObjects } from '../fields/objects.ts';
import { boolean, integer, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { pciNumaPolicy } from '../fields/vocabularies.ts';
import { versionedObject } from '../versioned-object.ts';

/** PCI devices an instance wants, by alias or for a port. */
export class InstancePCIRequest extends versionedObject('InstancePCIRequest', '1.4', {
  count: integer(),
  spec: listOfDictOfNullableStrings(),
  alias_name: nullable(string()),
  is_new: withDefault(boolean(), false),
  request_id: nullable(uuid()),
  requester_id: nullable(string()),
  numa_policy: nullable(pciNumaPolicy()),
}) {}

/** All PCI devices an instance wants. */
export class InstancePCIRequests extends versionedObject('InstancePCIRequests', '1.1', {
  instance_uuid: uuid(),
  requests: listOfObjects(InstancePCIRequest),
}) {}
