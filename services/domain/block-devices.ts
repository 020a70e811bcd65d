import { createHash } from 'node:crypto';
import { BlockDeviceMapping, BlockDeviceMappingList, type Instance } from '@mini-nova/objects';

/** The disk that an instance boots from, made from its image on its host, in the form of a request for servers. */
export function rootDisk(imageId: string | null): BlockDeviceMapping {
  return new BlockDeviceMapping({
    source_type: 'image',
    destination_type: 'local',
    guest_format: null,
    device_type: 'disk',
    disk_bus: null,
    boot_index: 0,
    device_name: null,
    delete_on_termination: true,
    snapshot_id: null,
    volume_id: null,
    volume_size: null,
    image_id: imageId,
    no_device: false,
    connection_info: null,
    tag: null,
    volume_type: null,
    encrypted: false,
    encryption_secret_uuid: null,
    encryption_format: null,
    encryption_options: null,
  });
}

/**
 * The block devices of a recorded instance, as Nova sends them to its host. They have no table: an instance has only its root
 * disk, so they are derived from the instance's record, with the same ids each time.
 */
export function blockDevicesOf(instance: Instance): BlockDeviceMappingList {
  const disk = rootDisk(instance.image_ref);
  Object.assign(disk, {
    id: instance.id,
    uuid: derivedUuid(`root disk of ${instance.uuid}`),
    instance_uuid: instance.uuid,
    attachment_id: null,
    created_at: instance.created_at,
    updated_at: null,
    deleted_at: null,
    deleted: false,
  });
  disk.resetChanges();
  return new BlockDeviceMappingList({ objects: [disk] });
}

/** A UUID in the form of version 5 that is always the same for the same text. */
function derivedUuid(text: string): string {
  const hex = createHash('sha1').update(text).digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
