import { type Database, openDatabase } from '@mini-nova/data/database';
import { migrate } from '@mini-nova/data/migrate';
import { afterEach, beforeEach, describe } from 'vitest';
import { describeBuildRequestStore } from './build-request-store-behaviour.ts';
import { describeComputeNodeStore } from './compute-node-store-behaviour.ts';
import { describeFlavorStore } from './flavor-store-behaviour.ts';
import { describeConcurrentSaves } from './instance-save-behaviour.ts';
import { describeInstanceStore } from './instance-store-behaviour.ts';
import { describeMigrationStore } from './migration-store-behaviour.ts';
import { describeRequestSpecStore } from './request-spec-store-behaviour.ts';
import { describeServiceStore } from './service-store-behaviour.ts';

export interface StoresUnderTest {
  /** The connection text of a new empty database. */
  create(): Promise<string>;
  /** False for a database that only its first connection sees. */
  shared: boolean;
}

/** What holds for the stores on every database that is supported. */
export function describeStores(name: string, { create, shared }: StoresUnderTest): void {
  describe(name, () => {
    let connection: string;
    let db: Database;

    beforeEach(async () => {
      connection = await create();
      db = await openDatabase(connection);
      await migrate(db);
    });
    afterEach(() => db.close());

    describeInstanceStore(() => db);
    describeServiceStore(() => db);
    describeComputeNodeStore(() => db);
    describeMigrationStore(() => db);
    describeFlavorStore(() => db);
    describeBuildRequestStore(() => db);
    describeRequestSpecStore(() => db);
    if (shared) describeConcurrentSaves(() => connection);
  });
}
