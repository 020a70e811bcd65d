import { dateTime } from '../fields/date-time.ts';
import { nullable } from '../fields/field.ts';
import { object } from '../fields/objects.ts';
import { integer, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';
import { BlockDeviceMappingList } from './block-device-mapping.ts';
import { Instance } from './instance.ts';
import { TagList } from './tag.ts';

/** A server that was requested and is not on a host yet. */
export class BuildRequest extends versionedObject('BuildRequest', '1.3', {
  id: integer(),
  instance_uuid: uuid(),
  project_id: string(),
  instance: object(Instance),
  block_device_mappings: object(BlockDeviceMappingList),
  created_at: nullable(dateTime()),
  updated_at: nullable(dateTime()),
  tags: object(TagList),
}) {}

export class BuildRequestList extends objectList('BuildRequestList', '1.0', BuildRequest) {}
