import { join } from 'node:path';
import {
  type CommandResult,
  type Daemon,
  freePort,
  getPostgresUrl,
  type PrivateRabbit,
  runCommand,
  startDaemon,
  startRabbit,
  tempDir,
  waitFor,
} from '@mini-nova/testing';
import { afterEach, expect } from 'vitest';
import { DeploymentDatabase } from './deployment-database.ts';

export interface DeploymentOptions {
  /** Default: SQLite. A URL: of an empty database. */
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

interface ServiceJson {
  binary: string;
  host: string;
  state: string;
  'mini-nova:clock_skew'?: number;
}

const UP_SECONDS = 240;

// Short times, so that a test sees in seconds what takes minutes in a cloud.
const QUICK = {
  OS_DEFAULT__REPORT_INTERVAL: '1',
  // Not so short: on a busy machine, a heartbeat may be late by seconds.
  OS_DEFAULT__SERVICE_DOWN_TIME: '60',
  OS_DEFAULT__PERIODIC_FUZZY_DELAY: '0',
};

async function databaseUrl(kind: DeploymentOptions['database'], folder: string): Promise<string> {
  if (typeof kind === 'object') return kind.url;
  return kind === 'postgresql' ? getPostgresUrl() : `sqlite:///${join(folder, 'nova.sqlite')}`;
}

/** The whole cloud as an operator runs it: a RabbitMQ of its own and each daemon of bin/ as a process. */
export class Deployment {
  readonly rabbit: PrivateRabbit;
  readonly database: DeploymentDatabase;
  readonly endpoint: string;
  /** By name: nova-api, nova-conductor, nova-scheduler, and nova-compute by host. */
  readonly daemons = new Map<string, Daemon>();
  readonly databaseUrl: string;
  private readonly env: Record<string, string>;
  private readonly port: number;

  private constructor(parts: {
    rabbit: PrivateRabbit;
    database: DeploymentDatabase;
    databaseUrl: string;
    port: number;
    env: Record<string, string>;
  }) {
    this.rabbit = parts.rabbit;
    this.database = parts.database;
    this.databaseUrl = parts.databaseUrl;
    this.port = parts.port;
    this.endpoint = `http://127.0.0.1:${parts.port}/v2.1`;
    this.env = parts.env;
  }

  /** Starts everything and waits until the API says that every daemon is up. */
  static async start(options: DeploymentOptions = {}): Promise<Deployment> {
    const folder = tempDir('mini-nova-e2e-');
    const url = await databaseUrl(options.database, folder);
    const rabbit = await startRabbit();
    const deployment = new Deployment({
      rabbit,
      databaseUrl: url,
      database: new DeploymentDatabase(url),
      port: await freePort(),
      env: { OS_DEFAULT__STATE_PATH: folder, ...QUICK, ...options.env },
    });
    try {
      await deployment.startDaemons(options.computes ?? { 'host-a': {}, 'host-b': {} }, options.daemons);
    } catch (error) {
      console.error(deployment.output());
      await deployment.close();
      throw error;
    }
    return deployment;
  }

  daemon(name: string): Daemon {
    const daemon = this.daemons.get(name);
    if (daemon === undefined)
      throw new Error(`no daemon ${name} among ${[...this.daemons.keys()].join(', ')}`);
    return daemon;
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

  /** The daemons that the API calls up, as `binary@host`, sorted. */
  async servicesUp(): Promise<string[]> {
    const services = await this.nova<ServiceJson[]>('service-list');
    const up = services.filter(({ state }) => state === 'up');
    return up.map(({ binary, host }) => `${binary}@${host}`).sort();
  }

  /** Seconds by which daemons' clocks are ahead of the database's, as the API shows them, by host. */
  async clockSkews(): Promise<Record<string, number>> {
    const skewed = (await this.services()).flatMap(({ host, 'mini-nova:clock_skew': skew }) =>
      skew === undefined ? [] : [[host, skew] as const],
    );
    return Object.fromEntries(skewed);
  }

  /** As the API lists them. */
  private async services(): Promise<ServiceJson[]> {
    const answer = await fetch(`${this.endpoint}/os-services`);
    return ((await answer.json()) as { services: ServiceJson[] }).services;
  }

  /** The log lines of all daemons, in no order among them. */
  logLines(): Record<string, unknown>[] {
    const lines = [...this.daemons.values()].flatMap(({ output }) => output.split('\n'));
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  output(): string {
    const parts = [...this.daemons].map(([name, { output }]) => `===== ${name}\n${output.slice(-20_000)}`);
    return parts.join('\n');
  }

  async close(): Promise<void> {
    await Promise.all([...this.daemons.values()].map((daemon) => daemon.stop()));
    await this.database.close();
    await this.rabbit.close();
  }

  private async startDaemons(
    computes: Record<string, Record<string, string>>,
    daemons: Partial<Record<string, Record<string, string>>> = {},
  ): Promise<void> {
    const database = ['--database-connection', this.databaseUrl];
    const sync = await runCommand('nova-manage', [...database, 'db', 'sync'], { env: this.env });
    expect(sync.code, sync.stdout + sync.stderr).toBe(0);
    const starts = [
      ...[
        ['nova-conductor', '--host', 'conductor'],
        ['nova-scheduler', '--host', 'scheduler'],
        ['nova-api', '--host', 'api', '--port', String(this.port)],
      ].map(([name = '', ...args]) => this.startDaemon(name, name, [...args, ...database], daemons[name])),
      ...Object.entries(computes).map(([host, env]) =>
        this.startDaemon(host, 'nova-compute', ['--host', host], env),
      ),
    ];
    await Promise.all(starts);
    const expected = Object.keys(computes).map((host) => `nova-compute@${host}`);
    await this.waitUntilUp(['nova-conductor@conductor', 'nova-scheduler@scheduler', ...expected]);
  }

  /** Starts one more daemon of the deployment. */
  async startDaemon(
    name: string,
    bin: string,
    args: string[],
    env: Record<string, string> = {},
  ): Promise<void> {
    const all = ['--transport-url', this.rabbit.url, ...args];
    this.daemons.set(name, await startDaemon(bin, all, { env: { ...this.env, ...env } }));
  }

  private async waitUntilUp(expected: string[]): Promise<void> {
    const allUp = async (): Promise<boolean> => {
      const up = (await this.services())
        .filter(({ state }) => state === 'up')
        .map(({ binary, host }) => `${binary}@${host}`);
      return expected.every((service) => up.includes(service));
    };
    const abort = (): void => {
      for (const daemon of this.daemons.values()) daemon.assertRunning();
    };
    await waitFor(`${expected.join(', ')} up`, allUp, { timeout: UP_SECONDS, interval: 0.25, abort });
  }
}

/** Prints what the daemons said when a test of this file fails. */
export function printOutputOnFailure(deployment: () => Deployment | undefined): void {
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') console.error(deployment()?.output());
  });
}
