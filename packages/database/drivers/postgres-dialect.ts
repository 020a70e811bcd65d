import { type Dialect, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from '../logger.ts';

/** Type oids of int8 and numeric: what count() and sum() return. All of ours are safe integers. */
const INT8 = 20;
const NUMERIC = 1700;

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format as 'text'),
};

export interface PostgresOptions {
  url: string;
  maxPoolSize: number;
  logger: Logger;
}

/** A pool that connects when first used and again after the server was away. */
export function postgresDialect({ url, maxPoolSize, logger }: PostgresOptions): Dialect {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxPoolSize,
    types,
    keepAlive: true,
    // Also the longest wait for a free connection of the pool.
    connectionTimeoutMillis: 30_000,
  });
  // A connection that breaks emits 'error': idle ones through the pool, one in use by itself. The statement that
  // ran on it fails on its own, and the pool drops the connection; without a listener the process would end.
  pool.on('error', (error) => logger.warn({ err: error }, 'database connection lost'));
  pool.on('connect', (client) => {
    client.on('error', (error) => logger.info({ err: error }, 'database connection broke'));
  });
  return new PostgresDialect({ pool });
}
