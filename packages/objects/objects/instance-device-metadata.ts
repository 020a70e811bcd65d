import { listOfStrings } from '../fields/containers.ts';
import { nullable, withDefault } from '../fields/field.ts';
import { listOfObjects, object } from '../fields/objects.ts';
import { boolean, integer, string } from '../fields/scalars.ts';
import { macAddress } from '../fields/texts.ts';
import { versionedObject } from '../versioned-object.ts';
import { IDEDeviceBus, PCIDeviceBus, SCSIDeviceBus, USBDeviceBus, XenDeviceBus } from './device-bus.ts';

/** A tagged network interface, as the guest sees it. */
export class NetworkInterfaceMetadata extends versionedObject('NetworkInterfaceMetadata', '1.2', {
  mac: macAddress(),
  vlan: integer(),
  vf_trusted: withDefault(boolean(), false),
  bus: object(PCIDeviceBus, USBDeviceBus, SCSIDeviceBus, IDEDeviceBus, XenDeviceBus),
  tags: listOfStrings(),
}) {}

/** A tagged disk, as the guest sees it. */
export class DiskMetadata extends versionedObject('DiskMetadata', '1.0', {
  serial: nullable(string()),
  path: nullable(string()),
  bus: object(PCIDeviceBus, USBDeviceBus, SCSIDeviceBus, IDEDeviceBus, XenDeviceBus),
  tags: listOfStrings(),
}) {}

/** The tagged devices of an instance. */
export class InstanceDeviceMetadata extends versionedObject('InstanceDeviceMetadata', '1.0', {
  devices: listOfObjects(NetworkInterfaceMetadata, DiskMetadata),
}) {}
