import type { Selectable } from 'kysely';
import type { Times } from '../columns.ts';

export interface NetworksTable extends Times {
  uuid: string;
  label: string;
  /** An IPv4 network: `10.0.0.0/16`. */
  cidr: string;
  gateway: string;
  bridge: string;
  mtu: number;
}

export type NetworkRow = Selectable<NetworksTable>;
