import { Deployment as DeployedCloud, type ServiceJson } from '@mini-nova/deployment';
import {
  type CommandResult,
  type Daemon,
  getPostgresUrl,
  type PrivateRabbit,
  runCommand,
} from '@mini-nova/testing';
import { afterEach, expect } from 'vitest';
import { DeploymentDatabase } from './deployment-database.ts';

export interface DeploymentOptions {
  /** The URL of an empty database. Default: SQLite. */
  database?: 'sqlite' | 'postgresql' | { url: string };
  /** Added to the environment of every daemon: OS_<GROUP>__<OPTION>. */
  env?: Record<string, string>;
  /** Added to the environments of single daemons, by name. */
  daemons?: Record<'nova-conductor' | 'nova-scheduler' | 'nova-api', Record<string, string>>;
  /** The computes by host name, each with what is added to its environment. */
  computes?: Record<string, Record<string, string>>;
}

/** As `nova show --json` prints it, as far as tests read it. */
export interface ServerJson {
  id: string;
  name: string;
  status: string;
  fault?: { code: number; message: string; details?: string };
  'OS-EXT-SRV-ATTR:host': string | null;
  'OS-EXT-STS:task_state': string | null;
  addresses: Record<string, { addr: string }[]>;
}

// Not as short as possible, because on a busy machine a heartbeat may be late by seconds.
const DOWN_TIME = { OS_DEFAULT__SERVICE_DOWN_TIME: '60' };

async function databaseOf(
  kind: DeploymentOptions['database'] = 'sqlite',
): Promise<'sqlite' | { url: string }> {
  return kind === 'postgresql' ? { url: await getPostgresUrl() } : kind;
}

/** A deployed cloud, with what its users and operators do and see. */
export class Deployment {
  readonly database: DeploymentDatabase;
  private readonly deployed: DeployedCloud;

  private constructor(deployed: DeployedCloud) {
    this.deployed = deployed;
    this.database = new DeploymentDatabase(deployed.databaseUrl);
  }

  /** Starts everything and waits until the API says that every daemon is up. */
  static async start(options: DeploymentOptions = {}): Promise<Deployment> {
    const { computes = { 'host-a': {}, 'host-b': {} }, daemons } = options;
    const envs: Partial<Record<string, Record<string, string>>> = { ...daemons, ...computes };
    const deployed = await DeployedCloud.start({
      database: await databaseOf(options.database),
      computes: Object.keys(computes),
      env: { ...DOWN_TIME, ...options.env },
      envOf: (name) => envs[name] ?? {},
    });
    return new Deployment(deployed);
  }

  get rabbit(): PrivateRabbit {
    return this.deployed.rabbit;
  }

  get endpoint(): string {
    return this.deployed.endpoint;
  }

  get databaseUrl(): string {
    return this.deployed.databaseUrl;
  }

  /** By name: nova-api, nova-conductor, nova-scheduler, and nova-compute by host. */
  get daemons(): ReadonlyMap<string, Daemon> {
    return this.deployed.daemons;
  }

  daemon(name: string): Daemon {
    return this.deployed.daemon(name);
  }

  /** Starts one more daemon of the deployment, or a replacement for one that has ended. */
  startDaemon(
    name: string,
    bin: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<void> {
    return this.deployed.startDaemon(name, bin, args, env);
  }

  /** bin/nova with these arguments. */
  run(...args: string[]): Promise<CommandResult> {
    return runCommand('nova', args, { env: { NOVA_ENDPOINT: this.endpoint }, timeout: 150 });
  }

  /** bin/nova with these arguments and `--json`, which must succeed: what it printed. */
  async nova<T>(...args: string[]): Promise<T> {
    const result = await this.run(...args, '--json');
    expect(result.code, `nova ${args.join(' ')}\n${result.stderr}`).toBe(0);
    return JSON.parse(result.stdout) as T;
  }

  /** `nova boot --poll --json` of a small server. */
  boot(name: string, ...more: string[]): Promise<ServerJson> {
    return this.nova('boot', '--flavor', 'm1.tiny', '--image', 'cirros', '--poll', ...more, name);
  }

  show(server: string): Promise<ServerJson> {
    return this.nova('show', server);
  }

  /** The daemons that the API shows as up, as `binary@host`, sorted. */
  async servicesUp(): Promise<string[]> {
    const services = await this.nova<ServiceJson[]>('service-list');
    const up = services.filter(({ state }) => state === 'up');
    return up.map(({ binary, host }) => `${binary}@${host}`).sort();
  }

  /** Seconds by which daemons' clocks are ahead of the database's, as the API shows them, by host. */
  async clockSkews(): Promise<Record<string, number>> {
    const skewed = (await this.deployed.services()).flatMap(({ host, 'mini-nova:clock_skew': skew }) =>
      skew === undefined ? [] : [[host, skew] as const],
    );
    return Object.fromEntries(skewed);
  }

  /** The log lines of all daemons, in no particular order between daemons. */
  logLines(): Record<string, unknown>[] {
    const lines = [...this.daemons.values()].flatMap(({ output }) => output.split('\n'));
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  output(): string {
    const parts = [...this.daemons].map(([name, { output }]) => `===== ${name}\n${output.slice(-20_000)}`);
    return parts.join('\n');
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.deployed.close();
  }
}

/** Prints the daemons' output when a test of this file fails. */
export function printOutputOnFailure(deployment: () => Deployment | undefined): void {
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') console.error(deployment()?.output());
  });
}
