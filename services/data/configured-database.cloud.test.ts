import { loadConfig } from '@mini-nova/config';
import { DatabaseUnavailable } from '@mini-nova/database';
import { silentLogger } from '@mini-nova/messaging';
import { expect, onTestFinished, test } from 'vitest';
import { databaseChecks, openConfigured } from './configured-database.ts';
import { openDatabase } from './database.ts';
import { dataSchema } from './options.ts';

test('a database that answers is ready', async () => {
  const db = await openDatabase('sqlite://');
  onTestFinished(() => db.close());
  await databaseChecks(db).database?.();
});

test('a database that is away is not ready, and the reason is given', async () => {
  const overrides = { 'database.connection': 'postgresql://nova:secret@127.0.0.1:1/nova' };
  const db = await openConfigured(
    loadConfig({ schema: dataSchema, env: {}, configFiles: [], overrides }),
    silentLogger,
  );
  onTestFinished(() => db.close());
  const error: unknown = await Promise.resolve(databaseChecks(db).database?.()).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DatabaseUnavailable);
  expect(error).toMatchObject({ message: expect.stringMatching(/ECONNREFUSED 127\.0\.0\.1:1$/) });
});
