import {
  dictOfSetsOfIntegers,
  dictOfStrings,
  listOfIntegers,
  listOfStrings,
  setOfIntegers,
} from '../fields/containers.ts';
import { nullable } from '../fields/field.ts';
import { listOfObjects, object } from '../fields/objects.ts';
import { boolean, integer, string } from '../fields/scalars.ts';
import { ipAddress, uuid } from '../fields/texts.ts';
import { versionedObject } from '../versioned-object.ts';
import { Migration } from './migration.ts';
import { VIFMigrateData } from './vif-migrate-data.ts';

/** What a live migration must know about a volume. */
export class LibvirtLiveMigrateBDMInfo extends versionedObject('LibvirtLiveMigrateBDMInfo', '1.1', {
  serial: string(),
  bus: string(),
  dev: string(),
  type: string(),
  format: nullable(string()),
  boot_index: nullable(integer()),
  connection_info_json: string(),
  encryption_secret_uuid: nullable(uuid()),
}) {}

/** Where a live migrated guest is pinned on its new host. */
export class LibvirtLiveMigrateNUMAInfo extends versionedObject('LibvirtLiveMigrateNUMAInfo', '1.0', {
  cpu_pins: dictOfSetsOfIntegers(),
  cell_pins: dictOfSetsOfIntegers(),
  emulator_pins: setOfIntegers(),
  sched_vcpus: setOfIntegers(),
  sched_priority: integer(),
}) {}

/** What the two hosts of a live migration agree on. Units: disk_available_mb MiB. */
export class LibvirtLiveMigrateData extends versionedObject('LibvirtLiveMigrateData', '1.10', {
  filename: string(),
  image_type: string(),
  block_migration: boolean(),
  disk_over_commit: boolean(),
  disk_available_mb: nullable(integer()),
  is_shared_instance_path: boolean(),
  is_shared_block_storage: boolean(),
  instance_relative_path: string(),
  graphics_listen_addr_vnc: nullable(ipAddress()),
  graphics_listen_addr_spice: nullable(ipAddress()),
  serial_listen_addr: nullable(string()),
  serial_listen_ports: listOfIntegers(),
  bdms: listOfObjects(LibvirtLiveMigrateBDMInfo),
  target_connect_addr: nullable(string()),
  supported_perf_events: listOfStrings(),
  src_supports_native_luks: boolean(),
  dst_wants_file_backed_memory: boolean(),
  file_backed_memory_discard: boolean(),
  src_supports_numa_live_migration: boolean(),
  dst_supports_numa_live_migration: boolean(),
  dst_numa_info: object(LibvirtLiveMigrateNUMAInfo),
  is_volume_backed: boolean(),
  migration: object(Migration),
  old_vol_attachment_ids: dictOfStrings(),
  wait_for_vif_plugged: boolean(),
  vifs: listOfObjects(VIFMigrateData),
}) {}
