import type { Selectable } from 'kysely';
import type { Times } from '../columns.ts';

export interface NetworksTable extends Times {
  uuid: string;
  label: string;
  /** IPv4: `10.0.0.0/16`. */
  cidr: string;
  gateway: string;
  bridge: string;
  mtu: number;
}

export type NetworkRow = Selectable<NetworksTable>;
