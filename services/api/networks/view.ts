import { formatIpv4, parseCidr } from '@mini-nova/data/networks/queries';
import type { NetworkRow } from '@mini-nova/data/networks/table';
import type { NetworkDocument } from '../documents/network.ts';
import { naiveTime } from '../times.ts';

export function networkDocument(network: NetworkRow): NetworkDocument {
  const { first, last } = parseCidr(network.cidr);
  return {
    id: network.uuid,
    label: network.label,
    cidr: network.cidr,
    gateway: network.gateway,
    broadcast: formatIpv4(last + 1),
    netmask: netmaskOf(network.cidr),
    bridge: network.bridge,
    mtu: network.mtu,
    dhcp_start: formatIpv4(first + 1),
    enable_dhcp: true,
    injected: false,
    multi_host: false,
    share_address: true,
    project_id: null,
    created_at: naiveTime(new Date(network.created_at)),
    updated_at: network.updated_at && naiveTime(new Date(network.updated_at)),
    bridge_interface: null,
    cidr_v6: null,
    deleted: null,
    deleted_at: null,
    dhcp_server: null,
    dns1: null,
    dns2: null,
    gateway_v6: null,
    host: null,
    netmask_v6: null,
    priority: null,
    rxtx_base: null,
    vlan: null,
    vpn_private_address: null,
    vpn_public_address: null,
    vpn_public_port: null,
  };
}

function netmaskOf(cidr: string): string {
  const prefix = Number(cidr.split('/')[1]);
  return formatIpv4(2 ** 32 - 2 ** (32 - prefix));
}
