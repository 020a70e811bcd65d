import type { Timestamp } from '@mini-nova/database';
import type { Generated, Insertable, Selectable, Updateable } from 'kysely';
import type { SoftDeleted } from '../columns.ts';

export interface ServicesTable extends SoftDeleted {
  id: Generated<number>;
  uuid: string;
  host: string;
  binary: string;
  topic: string | null;
  report_count: Generated<number>;
  disabled: Generated<boolean>;
  disabled_reason: string | null;
  last_seen_up: Timestamp | null;
  forced_down: Generated<boolean>;
  version: Generated<number>;
  /** Null: the configured default zone. */
  availability_zone: string | null;
  /** Seconds by which the daemon's clock is ahead of the database's, negative if behind; null: unknown. */
  clock_skew: number | null;
}

export type ServiceRow = Selectable<ServicesTable>;
export type NewService = Insertable<ServicesTable>;
export type ServiceChanges = Updateable<ServicesTable>;
