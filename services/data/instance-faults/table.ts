import type { Timestamp } from '@mini-nova/database';
import type { Generated, Insertable, Selectable } from 'kysely';

export interface InstanceFaultsTable {
  id: Generated<number>;
  instance_uuid: string;
  code: number;
  message: string | null;
  details: string | null;
  host: string | null;
  created_at: Timestamp;
  updated_at: Timestamp | null;
}

export type InstanceFaultRow = Selectable<InstanceFaultsTable>;
export type NewInstanceFault = Insertable<InstanceFaultsTable>;
