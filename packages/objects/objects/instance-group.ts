import { dictOfStrings, listOfStrings } from '../fields/containers.ts';
import { nullable } from '../fields/field.ts';
import { persistentFields } from '../fields/persistent.ts';
import { integer, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { versionedObject } from '../versioned-object.ts';

/** Instances to keep together or apart. */
export class InstanceGroup extends versionedObject('InstanceGroup', '1.11', {
  id: integer(),
  user_id: nullable(string()),
  project_id: nullable(string()),
  uuid: uuid(),
  name: nullable(string()),
  policies: nullable(listOfStrings()),
  members: nullable(listOfStrings()),
  hosts: nullable(listOfStrings()),
  policy: nullable(string()),
  _rules: dictOfStrings(),
  ...persistentFields,
}) {}
