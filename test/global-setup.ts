import {
  dropTestDatabases,
  installMissingPrograms,
  type PrivatePostgres,
  type PrivateRabbit,
  sharePostgres,
  shareRabbit,
  startPostgres,
  startRabbit,
} from '@mini-nova/testing';

/** The servers of one test run: every project sets them up, the first starts them, the last stops them. */
interface Servers {
  rabbit?: PrivateRabbit;
  postgres?: PrivatePostgres;
}

interface Shared {
  users: number;
  servers: Promise<Servers> | undefined;
}

// Each project loads this file anew, so the count of users is kept outside it.
const registry = globalThis as { [key: symbol]: Shared | undefined };
const KEY = Symbol.for('mini-nova.test-servers');

async function startServers(): Promise<Servers> {
  await installMissingPrograms();
  const [rabbit, postgres] = await Promise.all([
    process.env.NOVA_TEST_RABBIT_URL ? undefined : startRabbit(),
    process.env.NOVA_TEST_POSTGRES_URL ? undefined : startPostgres(),
  ]);
  shareRabbit(rabbit);
  sharePostgres(postgres?.server);
  return { ...(rabbit && { rabbit }), ...(postgres && { postgres }) };
}

async function stopServers(servers: Servers): Promise<void> {
  shareRabbit(undefined);
  sharePostgres(undefined);
  await servers.rabbit?.close();
  await servers.postgres?.close();
  const { NOVA_TEST_POSTGRES_URL: given } = process.env;
  if (given) await dropTestDatabases(given);
}

/** One RabbitMQ and one PostgreSQL for all test files of a run: `getRabbit()` and `getPostgresUrl()` use them. */
export default async function setup(): Promise<() => Promise<void>> {
  const shared = registry[KEY] ?? { users: 0, servers: undefined };
  registry[KEY] = shared;
  shared.users += 1;
  shared.servers ??= startServers();
  const servers = await shared.servers;
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    shared.servers = undefined;
    await stopServers(servers);
  };
}
