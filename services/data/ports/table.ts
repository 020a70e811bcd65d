import type { Insertable, Selectable } from 'kysely';
import type { Times } from '../columns.ts';

export interface PortsTable extends Times {
  uuid: string;
  network_uuid: string;
  mac_address: string;
  ip_address: string;
  /** The address as a number, by which the lowest free one is found. */
  ip_number: number;
  /** The instance it is bound to. */
  device_uuid: string | null;
  /** Its place among the ports of that instance, in the order they were asked for. */
  device_index: number;
  host: string | null;
  /** False for a port that the user brought: it outlives the instance. */
  created_for_instance: boolean;
}

export type PortRow = Selectable<PortsTable>;
export type NewPort = Insertable<PortsTable>;
