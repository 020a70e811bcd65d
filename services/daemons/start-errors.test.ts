import { loadConfig } from '@mini-nova/config';
import { openMigrated } from '@mini-nova/data/configured-database';
import { silentLogger } from '@mini-nova/messaging';
import { expect, test } from 'vitest';
import { ObservabilityListenError } from '../../packages/service/observability/errors.ts';
import { novaSchema } from './nova-schema.ts';
import { isStartError } from './start-errors.ts';

test('a database that is away for too long is an error whose message says all', async () => {
  const overrides = {
    'database.connection': 'postgresql://nova:secret@127.0.0.1:1/nova',
    'database.max_retries': '0',
  };
  const config = loadConfig({ schema: novaSchema, env: {}, configFiles: [], overrides });
  const error: unknown = await openMigrated(config, silentLogger).catch((reason: unknown) => reason);

  expect(isStartError(error)).toBe(true);
  expect(error).toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    message: 'The database is away: connect ECONNREFUSED 127.0.0.1:1',
  });
});

test('an observability endpoint that cannot listen is a start error, too; other errors are not', () => {
  const cause = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });
  expect(isStartError(new ObservabilityListenError('127.0.0.1', 9100, cause))).toBe(true);
  expect(isStartError(cause)).toBe(false);
  expect(isStartError({ code: 'OBSERVABILITY_LISTEN' })).toBe(false);
});
