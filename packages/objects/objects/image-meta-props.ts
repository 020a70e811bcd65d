import type { JsonObject, JsonValue } from '@mini-nova/messaging';
import {
  listOfDictOfNullableStrings,
  listOfIntegers,
  listOfSetsOfIntegers,
  listOfStrings,
} from '../fields/containers.ts';
import { flexibleBoolean, integer, string } from '../fields/scalars.ts';
import { uuid, versionPredicate } from '../fields/texts.ts';
import {
  architecture,
  blockDeviceType,
  configDrivePolicy,
  cpuAllocationPolicy,
  cpuThreadPolicy,
  diskBus,
  encryptionFormat,
  firmwareType,
  hypervisorType,
  inputBus,
  osType,
  pciNumaPolicy,
  pointerModel,
  rngModel,
  scsiModel,
  secureBoot,
  signatureHash,
  signatureKeyType,
  tpmModel,
  tpmVersion,
  videoModel,
  vifModel,
  viommuModel,
  vmMode,
  watchdogAction,
} from '../fields/vocabularies.ts';
import { versionedObject } from '../versioned-object.ts';

/** What an image requires of its host and hypervisor: the known properties, by their present names. */
export class ImageMetaProps extends versionedObject('ImageMetaProps', '1.34', {
  hw_architecture: architecture(),
  hw_emulation_architecture: architecture(),
  hw_auto_disk_config: string(),
  hw_boot_menu: flexibleBoolean(),
  hw_cdrom_bus: diskBus(),
  hw_cpu_cores: integer(),
  hw_cpu_sockets: integer(),
  hw_cpu_max_cores: integer(),
  hw_cpu_max_sockets: integer(),
  hw_cpu_max_threads: integer(),
  hw_cpu_policy: cpuAllocationPolicy(),
  hw_cpu_thread_policy: cpuThreadPolicy(),
  hw_cpu_realtime_mask: string(),
  hw_cpu_threads: integer(),
  hw_device_id: integer(),
  hw_disk_bus: diskBus(),
  hw_disk_type: string(),
  hw_floppy_bus: diskBus(),
  hw_firmware_type: firmwareType(),
  hw_input_bus: inputBus(),
  hw_ipxe_boot: flexibleBoolean(),
  hw_locked_memory: flexibleBoolean(),
  hw_machine_type: string(),
  hw_mem_encryption: flexibleBoolean(),
  hw_mem_page_size: string(),
  hw_numa_nodes: integer(),
  hw_numa_cpus: listOfSetsOfIntegers(),
  hw_numa_mem: listOfIntegers(),
  hw_pci_numa_affinity_policy: pciNumaPolicy(),
  hw_pointer_model: pointerModel(),
  hw_pmu: flexibleBoolean(),
  hw_qemu_guest_agent: flexibleBoolean(),
  hw_rescue_bus: diskBus(),
  hw_rescue_device: blockDeviceType(),
  hw_rng_model: rngModel(),
  hw_time_hpet: flexibleBoolean(),
  hw_serial_port_count: integer(),
  hw_scsi_model: scsiModel(),
  hw_video_model: videoModel(),
  hw_video_ram: integer(),
  hw_vif_model: vifModel(),
  hw_viommu_model: viommuModel(),
  hw_vm_mode: vmMode(),
  hw_watchdog_action: watchdogAction(),
  hw_vif_multiqueue_enabled: flexibleBoolean(),
  hw_tpm_model: tpmModel(),
  hw_tpm_version: tpmVersion(),
  hw_ephemeral_encryption: flexibleBoolean(),
  hw_ephemeral_encryption_format: encryptionFormat(),
  img_bittorrent: flexibleBoolean(),
  img_bdm_v2: flexibleBoolean(),
  img_block_device_mapping: listOfDictOfNullableStrings(),
  img_cache_in_nova: flexibleBoolean(),
  img_compression_level: integer(),
  img_hv_requested_version: versionPredicate(),
  img_hv_type: hypervisorType(),
  img_config_drive: configDrivePolicy(),
  img_linked_clone: flexibleBoolean(),
  img_mappings: listOfDictOfNullableStrings(),
  img_owner_id: string(),
  img_root_device_name: string(),
  img_use_agent: flexibleBoolean(),
  img_version: integer(),
  img_signature: string(),
  img_signature_hash_method: signatureHash(),
  img_signature_certificate_uuid: uuid(),
  img_signature_key_type: signatureKeyType(),
  img_hide_hypervisor_id: flexibleBoolean(),
  os_admin_user: string(),
  os_command_line: string(),
  os_distro: string(),
  os_require_quiesce: flexibleBoolean(),
  os_secure_boot: secureBoot(),
  os_skip_agent_inject_files_at_boot: flexibleBoolean(),
  os_skip_agent_inject_ssh: flexibleBoolean(),
  os_type: osType(),
  traits_required: listOfStrings(),
}) {
  /**
   * From the properties of an image. Older names count too, unless the present name is there as well; unknown
   * properties are left out, and so are the guest's NUMA nodes (`hw_numa_cpus.N`, `hw_numa_mem.N`).
   * @throws FieldError when one has a value it cannot have
   */
  static fromProperties(properties: JsonObject): ImageMetaProps {
    const props = new ImageMetaProps();
    for (const [old, present] of Object.entries(renamed)) setProperty(props, present, properties[old]);
    setAdapterType(props, properties.vmware_adaptertype);
    for (const name of Object.keys(ImageMetaProps.fields)) {
      if (!composed.has(name)) setProperty(props, name, properties[name]);
    }
    const traits = Object.keys(properties).filter(
      (name) => name.startsWith(traitPrefix) && properties[name] === 'required',
    );
    if (traits.length > 0) props.traits_required = traits.map((name) => name.slice(traitPrefix.length));
    return props;
  }
}

const traitPrefix = 'trait:';

/** Fields that combine several properties. */
const composed = new Set(['hw_numa_cpus', 'hw_numa_mem', 'traits_required']);

/** Older names of properties. */
const renamed: Record<string, string> = {
  architecture: 'hw_architecture',
  owner_id: 'img_owner_id',
  vmware_disktype: 'hw_disk_type',
  vmware_image_version: 'img_version',
  vmware_ostype: 'os_distro',
  auto_disk_config: 'hw_auto_disk_config',
  ipxe_boot: 'hw_ipxe_boot',
  xenapi_device_id: 'hw_device_id',
  xenapi_image_compression_level: 'img_compression_level',
  vmware_linked_clone: 'img_linked_clone',
  xenapi_use_agent: 'img_use_agent',
  xenapi_skip_agent_inject_ssh: 'os_skip_agent_inject_ssh',
  xenapi_skip_agent_inject_files_at_boot: 'os_skip_agent_inject_files_at_boot',
  cache_in_nova: 'img_cache_in_nova',
  vm_mode: 'hw_vm_mode',
  bittorrent: 'img_bittorrent',
  mappings: 'img_mappings',
  block_device_mapping: 'img_block_device_mapping',
  bdm_v2: 'img_bdm_v2',
  root_device_name: 'img_root_device_name',
  hypervisor_version_requires: 'img_hv_requested_version',
  hypervisor_type: 'img_hv_type',
};

function setProperty(props: ImageMetaProps, name: string, value: JsonValue | undefined): void {
  if (value !== undefined && value !== null) props.set(name, value);
}

/** An older property that stood for both a bus and its controller. */
function setAdapterType(props: ImageMetaProps, adapter: JsonValue | undefined): void {
  if (typeof adapter !== 'string') return;
  props.hw_disk_bus = adapter === 'ide' ? 'ide' : 'scsi';
  if (adapter !== 'ide') props.set('hw_scsi_model', adapter);
}
