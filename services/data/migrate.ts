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

/** By version: the schema of any version is made by the first so many. */
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

/** Applies what is missing; safe to run in several processes at once. Returns the names of what was applied. */
export function migrate(db: Database): Promise<string[]> {
  return apply(db, migrations);
}

export function schemaVersion(db: Database): Promise<SchemaVersion> {
  return versionOf(db, migrations);
}

/** For a daemon's start. A newer schema passes: during an upgrade the schema goes first. @throws SchemaOutOfDate */
export function assertMigrated(db: Database): Promise<void> {
  return assertUpToDate(db, migrations);
}
