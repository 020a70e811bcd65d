import { DatabaseUnavailable } from '@mini-nova/database/errors';
import { deserializeFailure, isExpectedError, serializeFailure } from '@mini-nova/messaging';
import { expect, it } from 'vitest';
import { registerNovaErrors } from './exceptions.ts';
import { isOutage } from './outage-retry.ts';

registerNovaErrors();

it('tells across a call that the database is away, under the name that oslo.db has for it', () => {
  const error = new DatabaseUnavailable('connect ECONNREFUSED 192.0.2.1:5432');
  const sent = serializeFailure(error);
  expect(JSON.parse(sent)).toMatchObject({
    module: 'oslo_db.exception',
    class: 'DBConnectionError',
    kwargs: {},
  });

  const arrived = deserializeFailure(sent);
  expect(arrived).toBeInstanceOf(DatabaseUnavailable);
  expect(arrived).toMatchObject({ message: error.message, outcome: 'unknown' });
  expect(isOutage(arrived)).toBe(true);
  expect(isExpectedError(error)).toBe(true);
});

it('waits for a conductor of Nova whose database is away', () => {
  const message = '(psycopg2.OperationalError) could not connect to server: Connection refused';
  const failure = { module: 'oslo_db.exception', class: 'DBConnectionError', message, args: [], kwargs: {} };
  expect(isOutage(deserializeFailure(JSON.stringify(failure)))).toBe(true);
});
