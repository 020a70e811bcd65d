import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { Child, type ChildOptions } from './child.ts';
import { runOk } from './command.ts';
import { freePort } from './free-port.ts';
import { plainEnvironment } from './rabbit-ctl.ts';
import { tempDir } from './temp-dir.ts';

const START_SECONDS = 30;
const USER = 'nova';

/** What runs a PostgreSQL server: a process on this machine, or a container. */
export interface PostgresEngine {
  /** postgresql://user@host:port, without a database */
  readonly server: string;
  start(): Promise<void>;
  close(): Promise<void>;
}

async function idOf(user: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all([runOk('id', ['-u', user]), runOk('id', ['-g', user])]);
  return { uid: Number(uid), gid: Number(gid) };
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
async function unprivileged(): Promise<{ uid: number; gid: number } | Record<string, never>> {
  if (process.getuid?.() !== 0) return {};
  return idOf('postgres').catch(() => idOf('nobody'));
}

/** A PostgreSQL of its own in a temporary folder, on loopback, with no care for the safety of its data. */
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

  async start(): Promise<void> {
    const user = await unprivileged();
    if ('uid' in user && user.uid !== undefined) chownSync(this.folder, user.uid, user.gid);
    const options: ChildOptions = { env: plainEnvironment(), cwd: this.folder, ...user };
    const data = join(this.folder, 'data');
    const initOptions = ['-A', 'trust', '-U', USER, '-E', 'UTF8', '--locale=C', '--no-sync'];
    await runOk(join(this.bin, 'initdb'), ['-D', data, ...initOptions], options);
    const unsafe = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
    const settings = [...unsafe, 'max_connections=300'].flatMap((setting) => ['-c', setting]);
    const place = ['-D', data, '-h', '127.0.0.1', '-p', String(this.port), '-k', this.folder];
    this.process = await Child.start(join(this.bin, 'postgres'), [...place, ...settings], options);
    await this.process.waitForLine(/ready to accept connections/, START_SECONDS);
    this.process.release();
  }

  async close(): Promise<void> {
    await this.process?.stop('SIGINT', 10); // does not wait for clients, as SIGTERM would
  }
}
