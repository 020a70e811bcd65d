import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { amqpAnswers } from './amqp-handshake.ts';
import { Child } from './child.ts';
import { ChildProcessError } from './errors.ts';
import { freePort } from './free-port.ts';
import { findProgram } from './programs.ts';
import { plainEnvironment, type RabbitCtl } from './rabbit-ctl.ts';
import { tempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

/** What runs a broker: a process on this machine, or a container. */
export interface RabbitEngine {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  close(): Promise<void>;
  readonly ctl: RabbitCtl;
}

const START_SECONDS = 90;
// Erlang's own port mapper and the distribution, too, listen on loopback only.
const LOOPBACK = '-kernel inet_dist_use_interface {127,0,0,1}';

interface NodePlace {
  folder: string;
  amqpPort: number;
  distributionPort: number;
  mapperPort: number;
}

function nodeEnvironment(place: NodePlace): Record<string, string> {
  const { folder } = place;
  return {
    HOME: folder, // where Erlang keeps its cookie
    RABBITMQ_NODENAME: `mini-nova-${place.amqpPort}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(place.amqpPort),
    RABBITMQ_DIST_PORT: String(place.distributionPort),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: LOOPBACK,
    RABBITMQ_CTL_ERL_ARGS: LOOPBACK,
    ERL_EPMD_PORT: String(place.mapperPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  };
}

/** rabbitmqctl as whoever runs the tests: Debian's wrapper of that name insists on root. */
function ctlProgram(serverPath: string): Promise<string | undefined> {
  return findProgram([join(serverPath, '..', 'rabbitmqctl'), 'rabbitmqctl']);
}

/** A RabbitMQ node of its own: own port mapper, cookie, data and log in a temporary folder, loopback only. */
export class RabbitNode implements RabbitEngine {
  readonly port: number;
  readonly user = 'guest';
  readonly password = 'guest';
  readonly ctl: RabbitCtl;
  private readonly serverPath: string;
  private readonly place: NodePlace;
  private mapper: Child | undefined;
  private node: Child | undefined;

  private constructor(serverPath: string, ctlPath: string, place: NodePlace) {
    this.serverPath = serverPath;
    this.place = place;
    this.port = place.amqpPort;
    this.ctl = { program: ctlPath, args: [], env: nodeEnvironment(place) };
  }

  static async create(serverPath: string): Promise<RabbitNode> {
    const ctlPath = await ctlProgram(serverPath);
    if (ctlPath === undefined) throw new Error(`no rabbitmqctl beside ${serverPath}`);
    const folder = tempDir('mini-nova-rabbit-');
    const place = {
      folder,
      amqpPort: await freePort(),
      distributionPort: await freePort(),
      mapperPort: await freePort(),
    };
    await writeFile(join(folder, 'rabbitmq.conf'), 'disk_free_limit.absolute = 1MB\n');
    await writeFile(join(folder, 'enabled_plugins'), '[].\n');
    await writeFile(join(folder, 'advanced.config'), '[].\n');
    await writeFile(join(folder, 'rabbitmq-env.conf'), '');
    return new RabbitNode(serverPath, ctlPath, place);
  }

  async start(): Promise<void> {
    if (this.node?.running) return;
    await this.startMapper();
    const env = { ...plainEnvironment(), ...this.ctl.env };
    const node = await Child.start(this.serverPath, [], { env, cwd: this.place.folder });
    this.node = node;
    try {
      await waitFor(`RabbitMQ on port ${this.port}`, () => amqpAnswers(this.port), {
        timeout: START_SECONDS,
        abort: () => node.assertRunning(),
      });
      node.release();
    } catch (error) {
      await this.kill();
      if (error instanceof ChildProcessError) throw error;
      throw new ChildProcessError(`${this.serverPath}: ${String(error)}`, node.output);
    }
  }

  async stop(): Promise<void> {
    await this.node?.stop('SIGTERM', 30);
  }

  async kill(): Promise<void> {
    await this.node?.stop('SIGKILL');
  }

  async close(): Promise<void> {
    await this.kill();
    await this.mapper?.stop();
  }

  /** Started by us, Erlang's port mapper is ours to stop; started by RabbitMQ it would stay behind. */
  private async startMapper(): Promise<void> {
    if (this.mapper?.running) return;
    const epmd = await findProgram(['epmd', '/usr/lib/erlang/bin/epmd']);
    if (epmd === undefined) throw new Error('no epmd (a part of Erlang) in PATH');
    const { mapperPort } = this.place;
    this.mapper = await Child.start(epmd, ['-port', String(mapperPort), '-address', '127.0.0.1'], {
      env: plainEnvironment(),
    });
    this.mapper.release();
  }
}
