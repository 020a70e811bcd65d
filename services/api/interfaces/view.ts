import type { PortRow } from '@mini-nova/data/ports/table';
import type { InterfaceDocument } from '../documents/interface.ts';

export function interfaceDocument(port: PortRow): InterfaceDocument {
  return {
    port_id: port.uuid,
    net_id: port.network_uuid,
    mac_addr: port.mac_address,
    port_state: port.host ? 'ACTIVE' : 'DOWN',
    fixed_ips: [{ ip_address: port.ip_address, subnet_id: port.network_uuid }],
  };
}
