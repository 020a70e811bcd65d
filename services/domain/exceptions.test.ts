import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseUnavailable } from '@mini-nova/database/errors';
import { deserializeFailure, isExpectedError, remoteErrors, serializeFailure } from '@mini-nova/messaging';
import { expect, it } from 'vitest';
import * as exceptions from './exceptions/index.ts';
import { isOutage } from './outage-retry.ts';

it('sends DatabaseUnavailable across a call under the name of its oslo.db counterpart', () => {
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

it('recognizes the failure of a Nova conductor whose database is away', () => {
  const message = '(psycopg2.OperationalError) could not connect to server: Connection refused';
  const failure = { module: 'oslo_db.exception', class: 'DBConnectionError', message, args: [], kwargs: {} };
  expect(isOutage(deserializeFailure(JSON.stringify(failure)))).toBe(true);
});

/** The classes that the files of this folder export, by file and name. */
async function classesHere(): Promise<[file: string, name: string, type: unknown][]> {
  const files = readdirSync(join(import.meta.dirname, 'exceptions')).filter(
    (name) => /^[^.]+\.ts$/.test(name) && name !== 'index.ts',
  );
  const found = files.map(async (file): Promise<[string, string, unknown][]> => {
    const module = (await import(`./exceptions/${file.slice(0, -3)}.ts`)) as object;
    return Object.entries(module).map(([name, exported]) => [file, name, exported]);
  });
  return (await Promise.all(found)).flat().filter(([, , type]) => isConcrete(type));
}

function isConcrete(type: unknown): boolean {
  return typeof type === 'function' && type.prototype instanceof exceptions.NovaError;
}

it('exports each exception from index.ts, and registers it under its name', async () => {
  const classes = await classesHere();
  expect(classes.length).toBeGreaterThan(25);
  for (const [file, name, type] of classes) {
    expect(Object.values(exceptions), `${file} is not exported by nouns.ts`).toContain(type);
    expect(remoteErrors.byName('nova.exception', name), `${name} of ${file} is not registered`).toMatchObject(
      { type },
    );
  }
});
