import { afterEach, beforeEach, describe } from 'vitest';
import { type Database, openDatabase } from '../database.ts';
import { migrate } from '../migrate.ts';
import { describeArchive } from './archive-behaviour.ts';
import { describeBuildRequestStore } from './build-request-store-behaviour.ts';
import { describeComputeNodeStore } from './compute-node-store-behaviour.ts';
import { describeConcurrency } from './concurrency-behaviour.ts';
import { describeFlavorStore } from './flavor-store-behaviour.ts';
import { describeInstances } from './instance-behaviour.ts';
import { describeConcurrentSaves } from './instance-save-behaviour.ts';
import { describeInstanceStore } from './instance-store-behaviour.ts';
import { describeMigrations } from './migration-behaviour.ts';
import { describeMigrationStore } from './migration-store-behaviour.ts';
import { describePorts } from './port-behaviour.ts';
import { describeProviders } from './provider-behaviour.ts';
import { describeRequestSpecStore } from './request-spec-store-behaviour.ts';
import { describeSearches } from './search-behaviour.ts';
import { describeServices } from './service-behaviour.ts';
import { describeServiceStore } from './service-store-behaviour.ts';
import { describeTransactions } from './transaction-behaviour.ts';

export interface DatabaseUnderTest {
  /** The URL of a new empty database. */
  create(): Promise<string>;
  /** False for a database that only its first connection sees. */
  shared: boolean;
}

/** What holds on every supported database. */
export function describeDatabase(name: string, { create, shared }: DatabaseUnderTest): void {
  describe(name, () => {
    let connection: string;
    let db: Database;

    beforeEach(async () => {
      connection = await create();
      db = await openDatabase(connection);
    });
    afterEach(() => db.close());

    describeMigrations(() => db);
    if (shared) describeConcurrency(() => connection);

    describe('once migrated', () => {
      beforeEach(async () => {
        await migrate(db);
      });

      describeTransactions(() => db);
      describeServices(() => db);
      describeInstances(() => db);
      describeSearches(() => db);
      describeProviders(() => db);
      describePorts(() => db);
      describeArchive(() => db);
      describeInstanceStore(() => db);
      describeServiceStore(() => db);
      describeComputeNodeStore(() => db);
      describeMigrationStore(() => db);
      describeFlavorStore(() => db);
      describeBuildRequestStore(() => db);
      describeRequestSpecStore(() => db);
      if (shared) describeConcurrentSaves(() => connection);
    });
  });
}
