import type { Insertable, Selectable } from 'kysely';
import type { Times } from '../columns.ts';

export interface PortsTable extends Times {
  uuid: string;
  network_uuid: string;
  mac_address: string;
  ip_address: string;
  /** The address as a number, to find the lowest free one. */
  ip_number: number;
  /** The instance it is bound to. */
  device_uuid: string | null;
  /** Its index among the ports of that instance, in the order in which they were requested. */
  device_index: number;
  host: string | null;
  /** False for a port that the user brought: it outlives the instance. */
  created_for_instance: boolean;
}

export type PortRow = Selectable<PortsTable>;
export type NewPort = Insertable<PortsTable>;
