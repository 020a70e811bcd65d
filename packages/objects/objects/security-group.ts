import { persistentFields } from '../fields/persistent.ts';
import { integer, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';

/** A security group; builds carry only its name. */
export class SecurityGroup extends versionedObject('SecurityGroup', '1.2', {
  id: integer(),
  name: string(),
  description: string(),
  user_id: string(),
  project_id: string(),
  uuid: uuid(),
  ...persistentFields,
}) {}

export class SecurityGroupList extends objectList('SecurityGroupList', '1.1', SecurityGroup) {}
