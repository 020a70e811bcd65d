import type { Static } from 'typebox';
import { array, flag, integer, nothing, object, text, textOrNull } from './schema.ts';

/** A network in the shape of Nova's `os-networks`. */
export const NetworkDocument = object({
  id: text,
  label: text,
  cidr: text,
  gateway: text,
  broadcast: text,
  netmask: text,
  bridge: text,
  mtu: integer,
  dhcp_start: text,
  enable_dhcp: flag,
  injected: flag,
  multi_host: flag,
  share_address: flag,
  project_id: textOrNull,
  created_at: textOrNull,
  updated_at: textOrNull,
  // Fields of Nova's that networks here do not have.
  bridge_interface: nothing,
  cidr_v6: nothing,
  deleted: nothing,
  deleted_at: nothing,
  dhcp_server: nothing,
  dns1: nothing,
  dns2: nothing,
  gateway_v6: nothing,
  host: nothing,
  netmask_v6: nothing,
  priority: nothing,
  rxtx_base: nothing,
  vlan: nothing,
  vpn_private_address: nothing,
  vpn_public_address: nothing,
  vpn_public_port: nothing,
});
export type NetworkDocument = Static<typeof NetworkDocument>;

export const NetworkAnswer = object({ network: NetworkDocument });
export const NetworkListAnswer = object({ networks: array(NetworkDocument) });
