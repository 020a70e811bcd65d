import type { Timestamp } from '@mini-nova/database';
import type { Generated } from 'kysely';

/** JSON text. Queries neither read nor write what is inside. */
export type JsonText = string;

export interface Times {
  created_at: Timestamp;
  updated_at: Timestamp | null;
}

/** Rows that are marked deleted, not removed. */
export interface SoftDeleted extends Times {
  deleted_at: Timestamp | null;
  deleted: Generated<boolean>;
}
