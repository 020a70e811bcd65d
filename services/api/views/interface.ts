import type { PortRow } from '@mini-nova/database';

/** One interface of a server, as `os-interface` shows it. */
export interface InterfaceDocument {
  port_id: string;
  net_id: string;
  mac_addr: string;
  port_state: 'ACTIVE' | 'DOWN';
  /** A network has one subnet, which goes by the network's id. */
  fixed_ips: { ip_address: string; subnet_id: string }[];
}

export function interfaceDocument(port: PortRow): InterfaceDocument {
  return {
    port_id: port.uuid,
    net_id: port.network_uuid,
    mac_addr: port.mac_address,
    port_state: port.host ? 'ACTIVE' : 'DOWN',
    fixed_ips: [{ ip_address: port.ip_address, subnet_id: port.network_uuid }],
  };
}
