/** A network in the shape of Nova's `os-networks`. */
export interface NetworkDocument {
  id: string;
  label: string;
  cidr: string;
  gateway: string;
  broadcast: string;
  netmask: string;
  bridge: string;
  mtu: number;
  dhcp_start: string;
  enable_dhcp: boolean;
  injected: boolean;
  multi_host: boolean;
  share_address: boolean;
  project_id: string | null;
  created_at: string | null;
  updated_at: string | null;
  /** What Nova has, and networks here do not. */
  bridge_interface: null;
  cidr_v6: null;
  deleted: null;
  deleted_at: null;
  dhcp_server: null;
  dns1: null;
  dns2: null;
  gateway_v6: null;
  host: null;
  netmask_v6: null;
  priority: null;
  rxtx_base: null;
  vlan: null;
  vpn_private_address: null;
  vpn_public_address: null;
  vpn_public_port: null;
}
