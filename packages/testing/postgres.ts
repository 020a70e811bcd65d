import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { canInstall, DEBIAN_PACKAGES, INSTALL_COMMAND, installPackages } from './debian.ts';
import { TestServerUnavailable } from './errors.ts';
import { PostgresContainer } from './postgres-container.ts';
import { type PostgresEngine, PostgresServer, type PostgresStop } from './postgres-server.ts';
import { dockerRuns, postgresBin } from './programs.ts';

const SHARED = 'MINI_NOVA_SHARED_POSTGRES';
// Set by the first process of a test run and inherited by the others, so that a run drops its own databases only.
process.env.MINI_NOVA_TEST_RUN ??= randomBytes(4).toString('hex');
const DATABASE_PREFIX = `mini_nova_test_${process.env.MINI_NOVA_TEST_RUN}_`;

async function query(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

function withDatabase(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

/** Creates an empty database on the server; the server's `postgres` database must let us in. */
async function createDatabase(server: string): Promise<string> {
  const name = `${DATABASE_PREFIX}${randomBytes(6).toString('hex')}`;
  // template0: copying template1 fails while anybody is connected to it.
  await query(withDatabase(server, 'postgres'), `CREATE DATABASE ${name} TEMPLATE template0`);
  return withDatabase(server, name);
}

/** A private PostgreSQL server. */
export class PrivatePostgres {
  /** postgresql://user@host:port, without a database */
  readonly server: string;
  private readonly engine: PostgresEngine;

  constructor(engine: PostgresEngine) {
    this.engine = engine;
    this.server = engine.server;
  }

  /** Starts it, or starts it again with the same port and data. */
  start(): Promise<void> {
    return this.engine.start();
  }

  /** As `pg_ctl stop -m`. */
  stop(mode: PostgresStop = 'fast'): Promise<void> {
    return this.engine.stop(mode);
  }

  /** SIGKILL, like a crash. What was committed comes back. */
  kill(): Promise<void> {
    return this.engine.kill();
  }

  /** The URL of a new empty database. */
  createDatabase(): Promise<string> {
    return createDatabase(this.server);
  }

  /** Ends it for good. */
  close(): Promise<void> {
    return this.engine.close();
  }
}

async function createEngine(): Promise<PostgresEngine> {
  const installed = await postgresBin();
  if (installed !== undefined) return PostgresServer.create(installed);
  if (await canInstall()) {
    await installPackages(DEBIAN_PACKAGES);
    const bin = await postgresBin();
    if (bin !== undefined) return PostgresServer.create(bin);
  }
  if (await dockerRuns()) return PostgresContainer.create();
  throw new TestServerUnavailable(
    'PostgreSQL',
    `Install it: ${INSTALL_COMMAND} (or start Docker, or set NOVA_TEST_POSTGRES_URL).`,
  );
}

/**
 * Starts a PostgreSQL for the caller alone, found like RabbitMQ in `startRabbit`. It ends at the latest with
 * this process.
 * @throws TestServerUnavailable with the command to run
 */
export async function startPostgres(): Promise<PrivatePostgres> {
  const postgres = new PrivatePostgres(await createEngine());
  try {
    await postgres.start();
  } catch (error) {
    await postgres.close();
    throw error;
  }
  return postgres;
}

let own: Promise<PrivatePostgres> | undefined;

/** Passes a server on to the processes started from here on: there `getPostgresUrl` makes its databases on it. */
export function sharePostgres(server: string | undefined): void {
  if (server === undefined) delete process.env[SHARED];
  else process.env[SHARED] = server;
}

/**
 * The URL of a new empty database, on the server that all test files share: NOVA_TEST_POSTGRES_URL (whose user
 * may create databases), or the one that the global set-up started, or one started now for this process.
 */
export async function getPostgresUrl(): Promise<string> {
  const given = process.env.NOVA_TEST_POSTGRES_URL;
  if (given !== undefined && given !== '') return createDatabase(given);
  const shared = process.env[SHARED];
  if (shared !== undefined) return createDatabase(shared);
  own ??= startPostgres();
  return (await own).createDatabase();
}

/** Drops the databases that this test run made, on a server given by NOVA_TEST_POSTGRES_URL. */
export async function dropTestDatabases(server: string): Promise<void> {
  const admin = withDatabase(server, 'postgres');
  const pattern = `${DATABASE_PREFIX.replaceAll('_', '\\_')}%`;
  const { rows } = await query(admin, `SELECT datname FROM pg_database WHERE datname LIKE '${pattern}'`);
  for (const { datname } of rows) await query(admin, `DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
}
