import { nullable } from '../fields/field.ts';
import { persistentFields } from '../fields/persistent.ts';
import { integer, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';

/** Why something failed for an instance, as the API shows it. */
export class InstanceFault extends versionedObject('InstanceFault', '1.2', {
  id: integer(),
  instance_uuid: uuid(),
  code: integer(),
  message: nullable(string()),
  details: nullable(string()),
  host: nullable(string()),
  ...persistentFields,
}) {}

export class InstanceFaultList extends objectList('InstanceFaultList', '1.2', InstanceFault) {}
