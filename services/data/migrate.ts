import {
  migrate as apply,
  assertMigrated as assertUpToDate,
  type Migration,
  type SchemaVersion,
  schemaVersion as versionOf,
} from '@mini-nova/database';
import type { Database } from './database.ts';
import { services } from './migrations/0001-services.ts';
import { instances } from './migrations/0002-instances.ts';
import { flavors } from './migrations/0003-flavors.ts';
import { placement } from './migrations/0004-placement.ts';
import { networks } from './migrations/0005-networks.ts';
import { clockSkew } from './migrations/0006-clock-skew.ts';
import { shadowTables } from './migrations/0007-shadow-tables.ts';
import { indexes } from './migrations/0008-indexes.ts';
import { instanceMigrations } from './migrations/0009-instance-migrations.ts';

/** In order: the schema of version n is made by the first n of them. */
export const migrations: readonly Migration[] = [
  services,
  instances,
  flavors,
  placement,
  networks,
  clockSkew,
  shadowTables,
  indexes,
  instanceMigrations,
];

/** Applies the missing migrations; safe to run in several processes at once. Returns the names of those it applied. */
export function migrate(db: Database): Promise<string[]> {
  return apply(db, migrations);
}

export function schemaVersion(db: Database): Promise<SchemaVersion> {
  return versionOf(db, migrations);
}

/** For a daemon's start. A newer schema passes, since an upgrade begins with the schema. @throws SchemaOutOfDate */
export function assertMigrated(db: Database): Promise<void> {
  return assertUpToDate(db, migrations);
}
