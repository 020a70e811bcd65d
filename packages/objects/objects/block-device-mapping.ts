import { nullable, withDefault } from '../fields/field.ts';
import { object } from '../fields/objects.ts';
import { persistentFields } from '../fields/persistent.ts';
import { boolean, integer, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import {
  blockDeviceDestination,
  blockDeviceSource,
  blockDeviceType,
  encryptionFormat,
} from '../fields/vocabularies.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';
import { Instance } from './instance.ts';

/** A disk of an instance and where it comes from. Units: volume_size GiB. */
export class BlockDeviceMapping extends versionedObject('BlockDeviceMapping', '1.21', {
  id: integer(),
  uuid: uuid(),
  instance_uuid: uuid(),
  instance: nullable(object(Instance)),
  source_type: nullable(blockDeviceSource()),
  destination_type: nullable(blockDeviceDestination()),
  guest_format: nullable(string()),
  device_type: nullable(blockDeviceType()),
  disk_bus: nullable(string()),
  boot_index: nullable(integer()),
  device_name: nullable(string()),
  delete_on_termination: withDefault(boolean(), false),
  snapshot_id: nullable(string()),
  volume_id: nullable(string()),
  volume_size: nullable(integer()),
  image_id: nullable(string()),
  no_device: withDefault(boolean(), false),
  connection_info: nullable(string()),
  tag: nullable(string()),
  attachment_id: nullable(uuid()),
  volume_type: nullable(string()),
  encrypted: withDefault(boolean(), false),
  encryption_secret_uuid: nullable(uuid()),
  encryption_format: nullable(encryptionFormat()),
  encryption_options: nullable(string()),
  ...persistentFields,
}) {}

export class BlockDeviceMappingList extends objectList(
  'BlockDeviceMappingList',
  '1.18',
  BlockDeviceMapping,
) {}
