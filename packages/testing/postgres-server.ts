import { chownSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { Child, type ChildOptions } from './child.ts';
import { runOk } from './command.ts';
import { freePort } from './free-port.ts';
import { plainEnvironment } from './rabbit-ctl.ts';
import { tempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

const START_SECONDS = 120;
const USER = 'nova';

/** What runs a PostgreSQL server: a process on this machine, or a container. */
export interface PostgresEngine {
  /** postgresql://user@host:port, without a database */
  readonly server: string;
  start(): Promise<void>;
  stop(mode: PostgresStop): Promise<void>;
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** As in `pg_ctl stop -m`: `fast` ends the sessions cleanly, `immediate` leaves a recovery to the next start. */
export type PostgresStop = 'fast' | 'immediate';

const STOP_SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

async function idOf(user: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all([runOk('id', ['-u', user]), runOk('id', ['-g', user])]);
  return { uid: Number(uid), gid: Number(gid) };
}

/** PostgreSQL refuses to run as root, so it then runs as the user that its package created. */
async function unprivileged(): Promise<{ uid: number; gid: number } | Record<string, never>> {
  if (process.getuid?.() !== 0) return {};
  return idOf('postgres').catch(() => idOf('nobody'));
}

/**
 * A private PostgreSQL in a temporary folder, on loopback. Its data survive a kill of its processes, but not a crash
 * of the machine.
 */
export class PostgresServer implements PostgresEngine {
  readonly server: string;
  private readonly bin: string;
  private readonly port: number;
  private readonly folder: string;
  private process: Child | undefined;

  private constructor(bin: string, port: number) {
    this.bin = bin;
    this.port = port;
    this.folder = tempDir('mini-nova-postgres-');
    this.server = `postgresql://${USER}@127.0.0.1:${port}`;
  }

  static async create(bin: string): Promise<PostgresServer> {
    return new PostgresServer(bin, await freePort());
  }

  /** Starts it, or starts it again with the data it had. */
  async start(): Promise<void> {
    const user = await unprivileged();
    const options: ChildOptions = { env: plainEnvironment(), cwd: this.folder, ...user };
    const data = join(this.folder, 'data');
    if (!existsSync(data)) await this.create(data, options);
    await waitFor(this.server, () => this.startOnce(data, options), { timeout: START_SECONDS });
  }

  async stop(mode: PostgresStop): Promise<void> {
    await this.process?.stop(STOP_SIGNALS[mode], 30);
  }

  /** SIGKILL of the main process; the sessions notice and end. */
  async kill(): Promise<void> {
    await this.process?.stop('SIGKILL');
  }

  async close(): Promise<void> {
    await this.process?.stop('SIGINT', 10); // does not wait for clients, as SIGTERM would
  }

  private async create(data: string, options: ChildOptions): Promise<void> {
    if (options.uid !== undefined && options.gid !== undefined)
      chownSync(this.folder, options.uid, options.gid);
    const initOptions = ['-A', 'trust', '-U', USER, '-E', 'UTF8', '--locale=C', '--no-sync'];
    await runOk(join(this.bin, 'initdb'), ['-D', data, ...initOptions], options);
  }

  /** @throws ChildProcessError even while sessions of a killed server still exist */
  private async startOnce(data: string, options: ChildOptions): Promise<true> {
    const settings = ['fsync=off', 'full_page_writes=off', 'max_connections=300'];
    const place = ['-D', data, '-h', '127.0.0.1', '-p', String(this.port), '-k', this.folder];
    const args = [...place, ...settings.flatMap((setting) => ['-c', setting])];
    this.process = await Child.start(join(this.bin, 'postgres'), args, options);
    await this.process.waitForLine(/ready to accept connections/, START_SECONDS);
    this.process.release();
    return true;
  }
}
