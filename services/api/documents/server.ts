import type { ServerStatus } from '@mini-nova/domain/states/vm-state';
import type { Link } from './link.ts';

export type { ServerStatus };

export interface AddressDocument {
  addr: string;
  version: 4;
  'OS-EXT-IPS:type': 'fixed';
  'OS-EXT-IPS-MAC:mac_addr': string;
}

/** A server in a plain list. */
export interface ServerBrief {
  id: string;
  name: string | null;
  links: Link[];
}

/** A server as Nova's compute API 2.1 shows it to an administrator. */
export interface ServerDocument extends ServerBrief {
  status: ServerStatus;
  accessIPv4: string;
  accessIPv6: string;
  addresses: Record<string, AddressDocument[]>;
  config_drive: string;
  /** ISO 8601, UTC. */
  created: string;
  updated: string;
  /** Present when the status is ERROR or DELETED and a reason is known. */
  fault?: FaultOfServer;
  flavor: { id: string; links: Link[] };
  /** The same for all servers of one project on one host; empty while there is none. */
  hostId: string;
  image: { id: string; links: Link[] } | '';
  key_name: string | null;
  metadata: Record<string, string>;
  /** Percent; present while or after something is built. */
  progress?: number;
  security_groups: { name: string }[];
  tenant_id: string;
  user_id: string;
  'OS-DCF:diskConfig': 'AUTO' | 'MANUAL';
  'OS-EXT-AZ:availability_zone': string;
  'OS-EXT-SRV-ATTR:host': string | null;
  'OS-EXT-SRV-ATTR:hypervisor_hostname': string | null;
  'OS-EXT-SRV-ATTR:instance_name': string;
  'OS-EXT-STS:power_state': number | null;
  'OS-EXT-STS:task_state': string | null;
  'OS-EXT-STS:vm_state': string | null;
  'OS-SRV-USG:launched_at': string | null;
  'OS-SRV-USG:terminated_at': string | null;
  'os-extended-volumes:volumes_attached': [];
}

export interface FaultOfServer {
  code: number;
  message: string;
  created: string;
  details?: string;
}

/** A checked `boolean`. */
export type Flag = boolean | string;

/** The checked body of `POST /servers`. */
export interface CreateServerBody {
  server: {
    name: string;
    imageRef: string;
    flavorRef: string | number;
    adminPass?: string;
    /** `zone`, `zone:host` or `zone:host:node`. */
    availability_zone?: string;
    max_count?: number | string;
    metadata?: Record<string, string>;
    min_count?: number | string;
    networks?: 'auto' | 'none' | RequestedNetwork[];
    'OS-DCF:diskConfig'?: 'AUTO' | 'MANUAL';
    return_reservation_id?: Flag;
    security_groups?: { name: string }[];
    /** Base 64. */
    user_data?: string;
  };
}

export interface RequestedNetwork {
  uuid?: string;
  port?: string | null;
  fixed_ip?: string;
}
