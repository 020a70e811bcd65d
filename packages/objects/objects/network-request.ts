import { nullable } from '../fields/field.ts';
import { string } from '../fields/scalars.ts';
import { ipAddress, uuid } from '../fields/texts.ts';
import { objectList } from '../object-list.ts';
import { versionedObject } from '../versioned-object.ts';

/**
 * A network or port that an instance is to have. The network id `none` means no network, `auto` the service's choice.
 */
export class NetworkRequest extends versionedObject('NetworkRequest', '1.3', {
  network_id: nullable(string()),
  address: nullable(ipAddress()),
  port_id: nullable(uuid()),
  pci_request_id: nullable(uuid()),
  tag: nullable(string()),
  arq_uuid: nullable(uuid()),
  device_profile: nullable(string()),
}) {}

export class NetworkRequestList extends objectList('NetworkRequestList', '1.1', NetworkRequest) {}
