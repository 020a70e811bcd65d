import type { Field } from './field.ts';
import { oneOf } from './texts.ts';

const lower = (word: string) => word.toLowerCase();

/** Maps to lower case, and older spellings to present ones. */
function renamed(renames: Record<string, string>): (word: string) => string {
  const table = new Map(Object.entries(renames));
  return (word) => table.get(word.toLowerCase()) ?? word.toLowerCase();
}

// biome-ignore format: a table
const architectures = [
  'alpha', 'armv6', 'armv7l', 'armv7b', 'aarch64', 'cris', 'i686', 'ia64', 'lm32', 'm68k', 'microblaze',
  'microblazeel', 'mips', 'mipsel', 'mips64', 'mips64el', 'openrisc', 'parisc', 'parisc64', 'ppc', 'ppcle',
  'ppc64', 'ppc64le', 'ppcemb', 's390', 's390x', 'sh4', 'sh4eb', 'sparc', 'sparc64', 'unicore32', 'x86_64',
  'xtensa', 'xtensaeb',
] as const;

// biome-ignore format: a table
const hypervisorTypes = [
  'baremetal', 'bhyve', 'docker', 'fake', 'hyperv', 'ironic', 'kqemu', 'kvm', 'lxc', 'lxd', 'openvz',
  'parallels', 'phyp', 'qemu', 'test', 'uml', 'vbox', 'vz', 'vmware', 'xen', 'zvm', 'prsm',
] as const;

// biome-ignore format: a table
const vifModels = [
  'virtio', 'ne2k_pci', 'pcnet', 'rtl8139', 'e1000', 'e1000e', 'netfront', 'spapr-vlan', 'lan9118', 'sriov',
  'vmxnet', 'vmxnet3',
] as const;

/** A processor architecture, as libvirt names it. */
export const architecture = () =>
  oneOf(
    architectures,
    renamed({
      i386: 'i686',
      i486: 'i686',
      i586: 'i686',
      x86_32: 'i686',
      x86_32p: 'i686',
      amd64: 'x86_64',
    }),
  );

/** A kind of virtualisation. */
export const hypervisorType = () => oneOf(hypervisorTypes, renamed({ xapi: 'xen' }));

/** The interface between guest and host. */
export const vmMode = () =>
  oneOf(['hvm', 'xen', 'uml', 'exe'], renamed({ pv: 'xen', hv: 'hvm', baremetal: 'hvm' }));

/** A model of network card. */
export const vifModel = () =>
  oneOf(
    vifModels,
    renamed({
      virtuale1000: 'e1000',
      virtuale1000e: 'e1000e',
      virtualpcnet32: 'pcnet',
      virtualsriovethernetcard: 'sriov',
      virtualvmxnet: 'vmxnet',
      virtualvmxnet3: 'vmxnet3',
    }),
  );

export const scsiModel = () =>
  oneOf(
    ['buslogic', 'ibmvscsi', 'lsilogic', 'lsisas1068', 'lsisas1078', 'virtio-scsi', 'vmpvscsi'],
    renamed({ lsilogicsas: 'lsisas1068', paravirtual: 'vmpvscsi' }),
  );

export const osType = () => oneOf(['linux', 'windows'], lower);

export const diskBus = () => oneOf(['fdc', 'ide', 'sata', 'scsi', 'usb', 'virtio', 'xen', 'lxc', 'uml']);
export const inputBus = () => oneOf(['usb', 'virtio']);
export const blockDeviceSource = () => oneOf(['blank', 'image', 'snapshot', 'volume']);
export const blockDeviceDestination = () => oneOf(['local', 'volume']);
export const blockDeviceType = () => oneOf(['cdrom', 'disk', 'floppy', 'fs', 'lun']);
export const encryptionFormat = () => oneOf(['plain', 'luks', 'luksv2']);
export const configDrivePolicy = () => oneOf(['optional', 'mandatory']);
export const cpuAllocationPolicy = () => oneOf(['dedicated', 'shared', 'mixed']);
export const cpuThreadPolicy = () => oneOf(['prefer', 'isolate', 'require']);
export const emulatorThreadsPolicy = () => oneOf(['share', 'isolate']);
export const cpuMode = () => oneOf(['custom', 'host-model', 'host-passthrough']);
export const cpuMatch = () => oneOf(['minimum', 'exact', 'strict']);
export const cpuFeaturePolicy = () => oneOf(['force', 'require', 'optional', 'disable', 'forbid']);
export const firmwareType = () => oneOf(['uefi', 'bios']);
export const hypervisorDriver = () => oneOf(['libvirt', 'xenapi', 'vmwareapi', 'ironic', 'hyperv']);
export const migrationType = () => oneOf(['migration', 'resize', 'live-migration', 'evacuation']);
export const pciDeviceStatus = () =>
  oneOf(['available', 'claimed', 'allocated', 'removed', 'deleted', 'unavailable', 'unclaimable']);
export const pciDeviceType = () => oneOf(['type-PCI', 'type-PF', 'type-VF', 'vdpa']);
export const pciNumaPolicy = () => oneOf(['required', 'legacy', 'preferred', 'socket']);
export const pointerModel = () => oneOf(['usbtablet']);
export const rngModel = () => oneOf(['virtio']);
export const secureBoot = () => oneOf(['required', 'disabled', 'optional']);
export const tpmModel = () => oneOf(['tpm-tis', 'tpm-crb']);
export const tpmVersion = () => oneOf(['1.2', '2.0']);
export const videoModel = () =>
  oneOf(['cirrus', 'qxl', 'vga', 'vmvga', 'xen', 'virtio', 'gop', 'none', 'bochs']);
export const viommuModel = () => oneOf(['intel', 'smmuv3', 'virtio', 'auto']);
export const watchdogAction = () => oneOf(['none', 'pause', 'poweroff', 'reset', 'disabled']);
export const signatureHash = () => oneOf(['SHA-224', 'SHA-256', 'SHA-384', 'SHA-512']);
export const signatureKeyType = () =>
  oneOf([
    'DSA',
    'ECC_SECP384R1',
    'ECC_SECP521R1',
    'ECC_SECT409K1',
    'ECC_SECT409R1',
    'ECC_SECT571K1',
    'ECC_SECT571R1',
    'RSA-PSS',
  ]);

const powerStates = ['pending', 'running', '_unused', 'paused', 'shutdown', 'crashed', 'suspended'] as const;
/** Words by their number; 2 and 5 are no longer in use. */
const powerStateWords = [
  'pending',
  'running',
  '_unused',
  'paused',
  'shutdown',
  '_unused',
  'crashed',
  'suspended',
] as const;

/** A power state as a word; its number is accepted too. */
export function powerStateWord(): Field<(typeof powerStates)[number]> {
  const words = oneOf(powerStates);
  return {
    ...words,
    coerce: (value, at) =>
      words.coerce(typeof value === 'number' ? (powerStateWords[value] ?? value) : value, at),
  };
}
