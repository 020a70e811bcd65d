import { randomBytes } from 'node:crypto';
import { runOk } from './command.ts';
import { freePort } from './free-port.ts';
import type { PostgresEngine, PostgresStop } from './postgres-server.ts';
import { endWithThisProcess, forget } from './reaper.ts';
import { waitFor } from './wait-for.ts';

const START_SECONDS = 120;
const PASSWORD = 'nova';

const removal = (name: string): string => `docker rm -f -v ${name}`;

/** A PostgreSQL in a container of its own, for machines with Docker and no PostgreSQL. */
export class PostgresContainer implements PostgresEngine {
  readonly server: string;
  private readonly port: number;
  private created = false;
  private readonly name = `mini-nova-postgres-${randomBytes(4).toString('hex')}`;

  private constructor(port: number) {
    this.port = port;
    this.server = `postgresql://postgres:${PASSWORD}@127.0.0.1:${port}`;
  }

  static async create(): Promise<PostgresContainer> {
    return new PostgresContainer(await freePort());
  }

  async start(): Promise<void> {
    if (this.created) await runOk('docker', ['start', this.name]);
    else await this.create();
    // Over TCP: the image's set-up phase listens on a socket only.
    const ready = ['exec', this.name, 'pg_isready', '-h', '127.0.0.1'];
    await waitFor(this.name, async () => (await runOk('docker', ready)) !== '', { timeout: START_SECONDS });
  }

  async stop(mode: PostgresStop): Promise<void> {
    const signal = mode === 'fast' ? 'SIGINT' : 'SIGQUIT';
    await runOk('docker', ['kill', '-s', signal, this.name]);
    await runOk('docker', ['wait', this.name]);
  }

  async kill(): Promise<void> {
    await runOk('docker', ['kill', '-s', 'KILL', this.name]);
  }

  private async create(): Promise<void> {
    const image = process.env.POSTGRES_IMAGE ?? 'postgres:15';
    endWithThisProcess('command', removal(this.name));
    this.created = true;
    const publish = ['-p', `127.0.0.1:${this.port}:5432`, '-e', `POSTGRES_PASSWORD=${PASSWORD}`];
    await runOk('docker', ['run', '-d', '--name', this.name, ...publish, image], { timeout: 600 });
  }

  async close(): Promise<void> {
    await runOk('docker', ['rm', '-f', '-v', this.name]);
    forget('command', removal(this.name));
  }
}
