import type { AddressedNetwork } from '@mini-nova/data/request-stores';
import type { NetworkDocument } from '../documents/network.ts';
import { naiveTime } from '../times.ts';

export function networkDocument(network: AddressedNetwork): NetworkDocument {
  return {
    id: network.uuid,
    label: network.label,
    cidr: network.cidr,
    gateway: network.gateway,
    broadcast: network.broadcast,
    netmask: network.netmask,
    bridge: network.bridge,
    mtu: network.mtu,
    dhcp_start: network.dhcp_start,
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
