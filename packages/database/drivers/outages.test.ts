import { describe, expect, it } from 'vitest';
import { DatabaseUnavailable } from '../errors.ts';
import { outageOf } from './outages.ts';

function failure(code: string, message = 'no'): Error {
  return Object.assign(new Error(message), { code });
}

describe('an outage', () => {
  it.each([
    // PostgreSQL
    ['57P03', 'undone'],
    ['53300', 'undone'],
    ['25006', 'undone'],
    ['25P03', 'undone'],
    ['57014', 'undone'],
    ['08006', 'unknown'],
    ['57P01', 'unknown'],
    ['57P02', 'unknown'],
    // the system
    ['ECONNREFUSED', 'undone'],
    ['ENOTFOUND', 'undone'],
    ['EAI_AGAIN', 'undone'],
    ['ECONNRESET', 'unknown'],
    ['ETIMEDOUT', 'unknown'],
    // SQLite
    ['SQLITE_BUSY', 'undone'],
    ['SQLITE_BUSY_SNAPSHOT', 'undone'],
    ['SQLITE_FULL', 'undone'],
    ['SQLITE_IOERR_WRITE', 'undone'],
    ['SQLITE_READONLY', 'undone'],
  ])('is recognised by %s, whose request is %s', (code, outcome) => {
    const error = failure(code, 'the reason');
    expect(outageOf(error)).toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      reason: 'the reason',
      outcome,
      cause: error,
    });
  });

  it.each([
    ['Connection terminated unexpectedly', 'unknown'],
    ['Client has encountered a connection error and is not queryable', 'undone'],
    ['timeout exceeded when trying to connect', 'undone'],
  ])('is recognised by "%s"', (message, outcome) => {
    expect(outageOf(new Error(message))).toMatchObject({ outcome });
  });

  it('is one error, however often it is asked for', () => {
    const error = new DatabaseUnavailable('gone');
    expect(outageOf(error)).toBe(error);
  });

  it('names the reason for each address of a host', () => {
    const error = new AggregateError([failure('ECONNREFUSED', 'first'), failure('ECONNREFUSED', 'second')]);
    expect(outageOf(error)).toMatchObject({ reason: 'first; second', outcome: 'undone' });
  });

  it.each([
    ['23505', 'a unique violation'],
    ['42P01', 'a missing table'],
    ['SQLITE_CONSTRAINT_UNIQUE', 'a unique violation'],
    ['SQLITE_CORRUPT', 'a broken file'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'a refused certificate'],
  ])('is not %s, which is %s', (code) => {
    expect(outageOf(failure(code))).toBeUndefined();
  });

  it.each([
    ['28P01', 'a wrong password'],
    ['28000', 'an unknown role'],
    ['3D000', 'a missing database'],
  ])('that lasts is recognised by %s: %s', (code) => {
    const error = failure(code, 'the reason');
    expect(outageOf(error)).toMatchObject({ code: 'DATABASE_REFUSED', reason: 'the reason', cause: error });
  });

  it('is not recognised in other errors', () => {
    expect(outageOf(new Error('no'))).toBeUndefined();
    expect(outageOf('no')).toBeUndefined();
  });
});
