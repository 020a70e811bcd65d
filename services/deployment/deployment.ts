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

/** `postgresql` is a server of the deployment's own, which can be killed, too. */
export type DatabaseKind = 'sqlite' | 'postgresql';

/** Environment variables: OS_<GROUP>__<OPTION>. */
export type Environment = Readonly<Record<string, string>>;

export interface DeploymentOptions {
  /** Default: SQLite. A URL: of an empty database. */
  database?: DatabaseKind | { url: string };
  /** Names of hosts. */
  computes: readonly string[];
  /** Added to the environment of every daemon. */
  env?: Environment;
  /** Added to that of one, by its name. */
  envOf?: (name: string) => Environment;
  /** Whether the daemons reach PostgreSQL through proxies, so that their connections can be cut. */
  links?: boolean;
}

/** As the API shows it. */
export interface ServiceJson {
  binary: string;
  host: string;
  state: string;
  'mini-nova:clock_skew'?: number;
}

/** How to start a daemon again. */
interface Program {
  bin: string;
  args: readonly string[];
  env: Environment;
}

/** The daemons that use the database, with their hosts. */
const DATABASE_CLIENTS = { 'nova-conductor': 'conductor', 'nova-scheduler': 'scheduler', 'nova-api': 'api' };

/** Seconds. */
const UP_TIMEOUT = 240;
const ANSWER_TIMEOUT = 5;

// Short times, so that tests and tools see in seconds what takes minutes in a cloud.
const QUICK = {
  OS_DEFAULT__REPORT_INTERVAL: '1',
  OS_DEFAULT__PERIODIC_FUZZY_DELAY: '0',
};

/** A cloud of real processes over a RabbitMQ of its own and a database, each of which can be killed and started again. */
export class Deployment {
  readonly rabbit: PrivateRabbit;
  readonly databaseUrl: string;
  /** `http://127.0.0.1:<port>/v2.1` */
  readonly endpoint: string;
  /** Of the API. */
  readonly port: number;
  /** Where the daemons keep their state. */
  readonly folder: string;
  /** By the name of the daemon, which is also the application name that it tells PostgreSQL. */
  readonly links: ReadonlyMap<string, TcpProxy>;
  /** By name: nova-conductor, nova-scheduler, nova-api, and the computes by host. */
  readonly daemons = new Map<string, Daemon>();
  readonly #postgres: PrivatePostgres | undefined;
  readonly #programs = new Map<string, Program>();
  readonly #env: Environment;
  /** Daemons that had already ended when they were to be killed. */
  readonly #ended = new Set<string>();
  /** The output of daemons that have ended. */
  readonly #spoken: string[] = [];

  private constructor(parts: {
    rabbit: PrivateRabbit;
    postgres: PrivatePostgres | undefined;
    databaseUrl: string;
    folder: string;
    port: number;
    links: ReadonlyMap<string, TcpProxy>;
    env: Environment;
  }) {
    this.rabbit = parts.rabbit;
    this.#postgres = parts.postgres;
    this.databaseUrl = parts.databaseUrl;
    this.links = parts.links;
    this.port = parts.port;
    this.endpoint = `http://127.0.0.1:${parts.port}/v2.1`;
    this.folder = parts.folder;
    this.#env = { OS_DEFAULT__STATE_PATH: parts.folder, ...QUICK, ...parts.env };
  }

  /** Starts everything and waits until the API says that every daemon is up. */
  static async start(options: DeploymentOptions): Promise<Deployment> {
    const { database = 'sqlite', env = {} } = options;
    const folder = tempDir('mini-nova-deployment-');
    const postgres = database === 'postgresql' ? await startPostgres() : undefined;
    const databaseUrl = await urlOf(database, postgres, folder);
    const rabbit = await startRabbit();
    const links = options.links ? await linksTo(databaseUrl) : new Map<string, TcpProxy>();
    const port = await freePort();
    const deployment = new Deployment({ rabbit, postgres, databaseUrl, folder, port, links, env });
    try {
      await deployment.#startAll(options);
    } catch (error) {
      console.error(deployment.output);
      await deployment.close();
      throw error;
    }
    return deployment;
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

  /** Starts again what was killed or has ended. */
  async start(target: string): Promise<void> {
    if (target === 'rabbitmq') return this.rabbit.start();
    if (target === 'postgresql') return this.#postgres?.start();
    const program = this.#programs.get(target);
    if (program === undefined) throw new Error(`There is no ${target} to start`);
    await this.#start(target, program);
  }

  /** One more daemon, or another in the place of one that has ended. */
  async startDaemon(
    name: string,
    bin: string,
    args: readonly string[],
    env: Environment = {},
  ): Promise<void> {
    const program = { bin, args: ['--transport-url', this.rabbit.url, ...args], env };
    this.#programs.set(name, program);
    await this.#start(name, program);
  }

  daemon(name: string): Daemon {
    const daemon = this.daemons.get(name);
    if (daemon === undefined) {
      throw new Error(`There is no daemon ${name} among ${[...this.daemons.keys()].join(', ')}`);
    }
    return daemon;
  }

  /** Daemons that ended without being killed by us. To be read when no killed daemon is still down. */
  get ended(): string[] {
    const gone = [...this.daemons].filter(([, daemon]) => !daemon.running).map(([name]) => name);
    return [...new Set([...this.#ended, ...gone])];
  }

  /** The output of all daemons. */
  get output(): string {
    return [...this.#spoken, ...[...this.daemons].map(spoken)].join('\n');
  }

  /** As the API lists them. */
  async services(): Promise<ServiceJson[]> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT * 1000);
    const answer = await fetch(`${this.endpoint}/os-services`, { signal });
    return ((await answer.json()) as { services: ServiceJson[] }).services;
  }

  /**
   * Resolves when the API says that every daemon is up. `abort` is called while it waits, and may throw to end the
   * waiting.
   */
  async allUp(abort: () => void = () => {}): Promise<void> {
    const hosts = [...this.#programs.keys()].flatMap(hostOf);
    const areUp = async (): Promise<boolean> => {
      const services = await this.services();
      const up = new Set(services.filter(({ state }) => state === 'up').map(({ host }) => host));
      return hosts.every((host) => up.has(host));
    };
    await waitFor(`${hosts.join(', ')} up`, areUp, { timeout: UP_TIMEOUT, interval: 0.25, abort });
  }

  async close(): Promise<void> {
    await Promise.all([...this.daemons.values()].map((daemon) => daemon.stop()));
    await Promise.all([...this.links.values()].map((link) => link.close()));
    await this.rabbit.close();
    await this.#postgres?.close();
  }

  async #startAll({ computes, envOf = () => ({}) }: DeploymentOptions): Promise<void> {
    await this.#syncDatabase();
    const ofDatabase = Object.entries(DATABASE_CLIENTS).map(([name, host]) => {
      const port = name === 'nova-api' ? ['--port', String(this.port)] : [];
      const database = ['--database-connection', this.#databaseUrlFor(name)];
      return this.startDaemon(name, name, ['--host', host, ...database, ...port], envOf(name));
    });
    const ofHosts = computes.map((host) =>
      this.startDaemon(host, 'nova-compute', ['--host', host], envOf(host)),
    );
    await Promise.all([...ofDatabase, ...ofHosts]);
    await this.allUp(() => {
      for (const daemon of this.daemons.values()) daemon.assertRunning();
    });
  }

  async #start(name: string, { bin, args, env }: Program): Promise<void> {
    const before = this.daemons.get(name);
    if (before !== undefined) this.#spoken.push(spoken([name, before]));
    this.daemons.set(name, await startDaemon(bin, args, { env: { ...this.#env, ...env } }));
  }

  async #syncDatabase(): Promise<void> {
    const args = ['--database-connection', this.databaseUrl, 'db', 'sync'];
    const { code, stdout, stderr } = await runCommand('nova-manage', args, { env: this.#env });
    if (code !== 0) throw new Error(`nova-manage db sync: ${stdout}${stderr}`);
  }

  /** PostgreSQL shows who uses a connection. */
  #databaseUrlFor(client: string): string {
    if (!this.databaseUrl.startsWith('postgresql:')) return this.databaseUrl;
    const url = new URL(this.databaseUrl);
    const link = this.links.get(client);
    url.searchParams.set('application_name', client);
    if (link) url.port = String(link.port);
    return url.href;
  }
}

function spoken([name, { output }]: readonly [string, Daemon]): string {
  return `===== ${name}\n${output}`;
}

/** The host under which the daemon is shown by the API; none for nova-api, which is not shown. */
function hostOf(name: string): string[] {
  if (name === 'nova-api') return [];
  return [(DATABASE_CLIENTS as Readonly<Record<string, string>>)[name] ?? name];
}

async function urlOf(
  database: NonNullable<DeploymentOptions['database']>,
  postgres: PrivatePostgres | undefined,
  folder: string,
): Promise<string> {
  if (typeof database === 'object') return database.url;
  return (await postgres?.createDatabase()) ?? `sqlite:///${join(folder, 'nova.sqlite')}`;
}

async function linksTo(databaseUrl: string): Promise<Map<string, TcpProxy>> {
  const port = Number(new URL(databaseUrl).port);
  const links = Object.keys(DATABASE_CLIENTS).map(async (name) => [name, await TcpProxy.to(port)] as const);
  return new Map(await Promise.all(links));
}
