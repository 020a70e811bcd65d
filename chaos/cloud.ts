import { join } from 'node:path';
import {
  type Daemon,
  freePort,
  type PrivatePostgres,
  type PrivateRabbit,
  runCommand,
  startDaemon,
  startPostgres,
  startRabbit,
  TcpProxy,
  tempDir,
  waitFor,
} from '@mini-nova/testing';

export type DatabaseKind = 'sqlite' | 'postgresql';

export interface CloudOptions {
  database: DatabaseKind;
  computes: readonly string[];
  /** Added to the environment of a daemon, by the name of its host: OS_<GROUP>__<OPTION>. */
  envOf?: (name: string) => Readonly<Record<string, string>>;
  /** Whether the daemons' ways to PostgreSQL can be made to break. */
  links?: boolean;
}

/** Those that use the database. */
const DATABASE_CLIENTS = ['nova-conductor', 'nova-scheduler', 'nova-api'] as const;

/** Seconds. */
const UP_TIMEOUT = 120;

interface Program {
  bin: string;
  args: readonly string[];
}

/** Short times: a run of minutes is to see what takes hours in a cloud. */
const QUICK = {
  OS_DEFAULT__REPORT_INTERVAL: '1',
  OS_DEFAULT__SERVICE_DOWN_TIME: '6',
  OS_DEFAULT__PERIODIC_FUZZY_DELAY: '0',
  OS_DEFAULT__RPC_RESPONSE_TIMEOUT: '10',
  OS_DEFAULT__UPDATE_RESOURCES_INTERVAL: '5',
  OS_DEFAULT__RUNNING_DELETED_INSTANCE_TIMEOUT: '5',
  OS_DEFAULT__RUNNING_DELETED_INSTANCE_POLL_INTERVAL: '5',
  OS_DEFAULT__HEAL_INSTANCE_INFO_CACHE_INTERVAL: '5',
};

/** A cloud of real processes over a RabbitMQ and a database of its own, each of which can be killed and started again. */
export class Cloud {
  readonly rabbit: PrivateRabbit;
  readonly databaseUrl: string;
  /** `http://127.0.0.1:<port>/v2.1` */
  readonly endpoint: string;
  /** Holds a file of guests for each host. */
  readonly guestsPath: string;
  /** By the name of the daemon, which is also the application name that it tells PostgreSQL. */
  readonly links: ReadonlyMap<string, TcpProxy>;
  readonly #postgres: PrivatePostgres | undefined;
  readonly #programs: ReadonlyMap<string, Program>;
  readonly #daemons = new Map<string, Daemon>();
  readonly #env: Record<string, string>;
  readonly #envOf: (name: string) => Readonly<Record<string, string>>;
  /** Those that were found ended when they were to be killed. */
  readonly #ended = new Set<string>();
  /** What daemons said that are gone. */
  readonly #spoken: string[] = [];

  private constructor(parts: {
    rabbit: PrivateRabbit;
    postgres: PrivatePostgres | undefined;
    databaseUrl: string;
    folder: string;
    port: number;
    links: ReadonlyMap<string, TcpProxy>;
    options: CloudOptions;
  }) {
    const { databaseUrl, folder, port, links, options } = parts;
    this.rabbit = parts.rabbit;
    this.#postgres = parts.postgres;
    this.databaseUrl = databaseUrl;
    this.links = links;
    this.endpoint = `http://127.0.0.1:${port}/v2.1`;
    this.guestsPath = join(folder, 'guests');
    this.#env = {
      ...QUICK,
      OS_DEFAULT__STATE_PATH: folder,
      OS_DEFAULT__TRANSPORT_URL: this.rabbit.url,
      OS_FAKE__GUESTS_PATH: this.guestsPath,
    };
    this.#envOf = options.envOf ?? (() => ({}));
    this.#programs = programsOf(options.computes, port, (client) =>
      urlFor(client, databaseUrl, links.get(client)),
    );
  }

  static async start(options: CloudOptions): Promise<Cloud> {
    const folder = tempDir('mini-nova-chaos-');
    const postgres = options.database === 'postgresql' ? await startPostgres() : undefined;
    const databaseUrl = (await postgres?.createDatabase()) ?? `sqlite:///${join(folder, 'nova.sqlite')}`;
    const rabbit = await startRabbit();
    const links = options.links ? await linksTo(databaseUrl) : new Map<string, TcpProxy>();
    const parts = { rabbit, postgres, databaseUrl, folder, port: await freePort(), links, options };
    const cloud = new Cloud(parts);
    await cloud.#syncDatabase();
    await Promise.all([...cloud.#programs.keys()].map((name) => cloud.start(name)));
    await cloud.allUp();
    return cloud;
  }

  /** Whatever can be killed: daemons, and the servers they need. */
  get targets(): string[] {
    return [...this.#programs.keys(), 'rabbitmq', ...(this.#postgres ? ['postgresql'] : [])];
  }

  async kill(target: string): Promise<void> {
    if (target === 'rabbitmq') return this.rabbit.kill();
    if (target === 'postgresql') return this.#postgres?.kill();
    const daemon = this.daemon(target);
    if (!daemon.running) this.#ended.add(target);
    await daemon.kill();
  }

  async start(target: string): Promise<void> {
    if (target === 'rabbitmq') return this.rabbit.start();
    if (target === 'postgresql') return this.#postgres?.start();
    const program = this.#programs.get(target);
    if (program === undefined) throw new Error(`There is no ${target} to start`);
    const before = this.#daemons.get(target);
    if (before !== undefined) this.#spoken.push(`===== ${target}\n${before.output}`);
    const env = { ...this.#env, ...this.#envOf(target) };
    this.#daemons.set(target, await startDaemon(program.bin, program.args, { env }));
  }

  daemon(name: string): Daemon {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined) throw new Error(`There is no daemon ${name}`);
    return daemon;
  }

  /** Daemons that ended without being killed by us; to be asked when none is away. */
  get ended(): string[] {
    const gone = [...this.#daemons].filter(([, daemon]) => !daemon.running).map(([name]) => name);
    return [...new Set([...this.#ended, ...gone])];
  }

  /** All that all daemons said. */
  get output(): string {
    const alive = [...this.#daemons].map(([name, { output }]) => `===== ${name}\n${output}`);
    return [...this.#spoken, ...alive].join('\n');
  }

  /** Resolves when the API says that every daemon is up. */
  async allUp(): Promise<void> {
    const hosts = [...this.#programs.keys()].filter((name) => name !== 'nova-api');
    const areUp = async (): Promise<boolean> => {
      const up = await this.#upHosts();
      return hosts.every((host) => up.has(host));
    };
    await waitFor(`${hosts.join(', ')} up`, areUp, { timeout: UP_TIMEOUT, interval: 0.2 });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#daemons.values()].map((daemon) => daemon.stop()));
    await Promise.all([...this.links.values()].map((link) => link.close()));
    await this.rabbit.close();
    await this.#postgres?.close();
  }

  async #upHosts(): Promise<Set<string>> {
    const answer = await fetch(`${this.endpoint}/os-services`, { signal: AbortSignal.timeout(5000) });
    const { services } = (await answer.json()) as { services: { host: string; state: string }[] };
    return new Set(services.filter(({ state }) => state === 'up').map(({ host }) => host));
  }

  async #syncDatabase(): Promise<void> {
    const args = ['--database-connection', this.databaseUrl, 'db', 'sync'];
    const { code, stdout, stderr } = await runCommand('nova-manage', args, { env: this.#env });
    if (code !== 0) throw new Error(`nova-manage db sync: ${stdout}${stderr}`);
  }
}

/** By the host's name. */
function programsOf(
  computes: readonly string[],
  port: number,
  urlOf: (client: string) => string,
): ReadonlyMap<string, Program> {
  const ofDatabase = DATABASE_CLIENTS.map((name): [string, Program] => {
    const portArgs = name === 'nova-api' ? ['--port', String(port)] : [];
    return [name, { bin: name, args: ['--host', name, '--database-connection', urlOf(name), ...portArgs] }];
  });
  const others = computes.map((host): [string, Program] => [
    host,
    { bin: 'nova-compute', args: ['--host', host] },
  ]);
  return new Map([...ofDatabase, ...others]);
}

async function linksTo(databaseUrl: string): Promise<Map<string, TcpProxy>> {
  const port = Number(new URL(databaseUrl).port);
  const links = DATABASE_CLIENTS.map(async (name) => [name, await TcpProxy.to(port)] as const);
  return new Map(await Promise.all(links));
}

/** PostgreSQL shows who uses a connection. */
function urlFor(client: string, databaseUrl: string, link: TcpProxy | undefined): string {
  if (!databaseUrl.startsWith('postgresql:')) return databaseUrl;
  const url = new URL(databaseUrl);
  url.searchParams.set('application_name', client);
  if (link) url.port = String(link.port);
  return url.href;
}
