import { nullable } from '../fields/field.ts';
import { persistentFields } from '../fields/persistent.ts';
import { string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { versionedObject } from '../versioned-object.ts';

/** What the network last reported about an instance: `network_info` is a JSON array of its interfaces. */
export class InstanceInfoCache extends versionedObject('InstanceInfoCache', '1.5', {
  instance_uuid: uuid(),
  network_info: nullable(string()),
  ...persistentFields,
}) {}
