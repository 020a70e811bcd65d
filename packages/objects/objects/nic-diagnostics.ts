import { nullable } from '../fields/field.ts';
import { integer } from '../fields/scalars.ts';
import { macAddress } from '../fields/texts.ts';
import { versionedObject } from '../versioned-object.ts';

/** Counters of one network interface. Units: *_octets bytes, *_rate bytes per second. */
export class NicDiagnostics extends versionedObject('NicDiagnostics', '1.0', {
  mac_address: nullable(macAddress()),
  rx_octets: nullable(integer()),
  rx_errors: nullable(integer()),
  rx_drop: nullable(integer()),
  rx_packets: nullable(integer()),
  rx_rate: nullable(integer()),
  tx_octets: nullable(integer()),
  tx_errors: nullable(integer()),
  tx_drop: nullable(integer()),
  tx_packets: nullable(integer()),
  tx_rate: nullable(integer()),
}) {}
