import type { Timestamp } from '@mini-nova/database';
import type { Generated } from 'kysely';

/** JSON text. Queries do not look inside. */
export type JsonText = string;

export interface Times {
  created_at: Timestamp;
  updated_at: Timestamp | null;
}

/** Rows that are marked as deleted instead of being removed. */
export interface SoftDeleted extends Times {
  deleted_at: Timestamp | null;
  deleted: Generated<boolean>;
}
