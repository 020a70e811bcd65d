import { pattern } from '../fields/texts.ts';
import { versionedObject } from '../versioned-object.ts';

/** Where a tagged device is found in the guest. */
export class PCIDeviceBus extends versionedObject('PCIDeviceBus', '1.0', {
  address: pattern('a PCI address', /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/i),
}) {}

export class USBDeviceBus extends versionedObject('USBDeviceBus', '1.0', {
  address: pattern('a USB address', /^[a-f0-9]+:[a-f0-9]+$/),
}) {}

export class SCSIDeviceBus extends versionedObject('SCSIDeviceBus', '1.0', {
  address: pattern('a SCSI address', /^[a-f0-9]+(:[a-f0-9]+){3}$/),
}) {}

export class IDEDeviceBus extends versionedObject('IDEDeviceBus', '1.0', {
  address: pattern('an IDE address', /^[01]:[01]$/),
}) {}

export class XenDeviceBus extends versionedObject('XenDeviceBus', '1.0', {
  address: pattern('a Xen address', /^(00[0-9]{2}00|[1-9][0-9]+)$/),
}) {}
