/** One interface of a server, as `os-interface` shows it. */
export interface InterfaceDocument {
  port_id: string;
  net_id: string;
  mac_addr: string;
  port_state: 'ACTIVE' | 'DOWN';
  /** A network has one subnet, which goes by the network's id. */
  fixed_ips: { ip_address: string; subnet_id: string }[];
}

export interface AttachInterfaceBody {
  interfaceAttachment?: {
    net_id?: string;
    port_id?: string;
    fixed_ips?: { ip_address: string }[];
  };
}
