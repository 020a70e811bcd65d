import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child, freePort, startPostgres, startRabbit, tempDir } from '@mini-nova/testing';
import { processorTime } from '../shared/processor-time.ts';

/** `memory`: nova-all on SQLite. `rabbit`: the daemons over RabbitMQ and PostgreSQL. */
export type CloudKind = 'memory' | 'rabbit';

/** What is requested while servers boot, by the name of whatever answers. */
export type Probes = Readonly<Record<string, string>>;

export interface CloudProcessOptions {
  kind: CloudKind;
  /** The folder of a built mini-nova. */
  tree: string;
  /** Where CPU profiles of the processes go. */
  profiles?: string;
}

/** RabbitMQ and PostgreSQL for clouds of kind `rabbit`. */
export interface Servers {
  transportUrl: string;
  databaseUrl: string;
}

/** Seconds. */
const START_TIMEOUT = 120;
const STOP_TIMEOUT = 60;
/** Enough for 100,000 of the smallest servers, and within the range of the records. */
const VCPUS = 100_000;
const MEMORY_MB = 60_000_000;
const DISK_GB = 200_000;
const API = 'nova-api';
/** In the order in which they start. */
const DAEMONS = ['nova-conductor', 'nova-scheduler', 'nova-compute', API];
const READY = /The cloud is up|"msg":"(Service started|API listening)"/;

/**
 * A whole cloud as its users run it: programs of `bin/` with default options, except for a machine that is large
 * enough.
 */
export class CloudProcess {
  readonly endpoint: string;
  readonly probes: Probes;
  readonly #children = new Map<string, Child>();
  readonly #release: () => Promise<void>;

  private constructor(endpoint: string, probes: Probes, release: () => Promise<void>) {
    this.endpoint = endpoint;
    this.probes = probes;
    this.#release = release;
  }

  /** @throws Error with the output of a program that does not start */
  static async start(options: CloudProcessOptions): Promise<CloudProcess> {
    const { servers, release } = options.kind === 'rabbit' ? await startServers() : NO_SERVERS;
    const folder = tempDir('boot-');
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}/v2.1`;
    const conf = await writeConfiguration(folder, port, servers);
    const healthPorts = new Map<string, number>();
    if (servers) for (const name of DAEMONS) healthPorts.set(name, await freePort());
    const health = [...healthPorts].map(([name, at]) => [
      `${name} /healthz`,
      `http://127.0.0.1:${at}/healthz`,
    ]);
    const probes = { 'GET /flavors/1': `${endpoint}/flavors/1`, ...Object.fromEntries(health) };
    const cloud = new CloudProcess(endpoint, probes, release);
    try {
      if (servers) await cloud.#runToEnd(options, conf, ['nova-manage', 'db', 'sync']);
      for (const name of servers ? DAEMONS : ['nova-all']) {
        await cloud.#start(options, conf, name, healthPorts.get(name));
      }
      return cloud;
    } catch (error) {
      await cloud.stop();
      throw error;
    }
  }

  /** Seconds of processor time that each process has used so far. */
  async processorTimes(): Promise<Record<string, number>> {
    const times = [...this.#children].map(
      async ([name, { pid }]) => [name, await processorTime(pid)] as const,
    );
    return Object.fromEntries(await Promise.all(times));
  }

  async stop(): Promise<void> {
    for (const child of [...this.#children.values()].reverse()) {
      child.signal('SIGTERM');
      const timer = setTimeout(() => child.signal('SIGKILL', 'group'), STOP_TIMEOUT * 1000);
      await child.ended;
      clearTimeout(timer);
    }
    await this.#release();
  }

  async #start(options: CloudProcessOptions, conf: string, name: string, healthPort?: number): Promise<void> {
    const observed = healthPort === undefined ? {} : { OS_OBSERVABILITY__PORT: String(healthPort) };
    const child = await spawn(options, conf, [name], observed);
    this.#children.set(name, child);
    await Promise.race([
      child.waitForLine(READY, START_TIMEOUT),
      child.ended.then((result) => {
        throw new Error(`${name} ended with ${result}:\n${child.output.slice(-2000)}`);
      }),
    ]);
  }

  async #runToEnd(options: CloudProcessOptions, conf: string, command: readonly string[]): Promise<void> {
    const child = await spawn({ ...options, profiles: undefined }, conf, command);
    if ((await child.ended) !== 0)
      throw new Error(`${command.join(' ')} failed:\n${child.output.slice(-2000)}`);
  }
}

const NO_SERVERS = { servers: undefined, release: async () => {} };

async function startServers(): Promise<{ servers: Servers; release: () => Promise<void> }> {
  const [rabbit, postgres] = await Promise.all([startRabbit(), startPostgres()]);
  return {
    servers: { transportUrl: rabbit.url, databaseUrl: await postgres.createDatabase() },
    release: async () => {
      await rabbit.close();
      await postgres.close();
    },
  };
}

async function writeConfiguration(folder: string, port: number, servers?: Servers): Promise<string> {
  const file = join(folder, 'nova.conf');
  const lines = [
    '[DEFAULT]',
    'host = bench',
    `state_path = ${folder}`,
    `osapi_compute_listen_port = ${port}`,
    ...(servers ? [`transport_url = ${servers.transportUrl}`] : []),
    '[database]',
    `connection = ${servers?.databaseUrl ?? `sqlite:///${join(folder, 'nova.sqlite')}`}`,
    '[fake]',
    `vcpus = ${VCPUS}`,
    `memory_mb = ${MEMORY_MB}`,
    `disk_gb = ${DISK_GB}`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return file;
}

/** Nothing of this process's own environment, which a benchmark's result must not depend on. */
function spawn(
  { tree, profiles }: Omit<CloudProcessOptions, 'kind'>,
  conf: string,
  [program = '', ...args]: readonly string[],
  added: NodeJS.ProcessEnv = {},
): Promise<Child> {
  const { PATH, HOME, TMPDIR } = process.env;
  const profile = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  return Child.start(
    process.execPath,
    [...profile, join(tree, 'bin', program), '--config-file', conf, ...args],
    {
      cwd: tree,
      env: { PATH, HOME, TMPDIR, LANG: 'C.UTF-8', ...added },
    },
  );
}
