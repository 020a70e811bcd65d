import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { amqpAnswers } from './amqp-handshake.ts';
import { Child } from './child.ts';
import { ChildProcessError } from './errors.ts';
import { freePort } from './free-port.ts';
import { PortMapper } from './port-mapper.ts';
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

const START_SECONDS = 240;
// Erlang's port mapper and its distribution also listen only on loopback.
const LOOPBACK = '-kernel inet_dist_use_interface {127,0,0,1}';

/** What the nodes of one cluster have in common. */
export interface RabbitClusterPlan {
  mapper: PortMapper;
  /** The secret by which its nodes recognise each other. */
  cookie: string;
  /** The ports (AMQP) of all its nodes, which also name them. */
  ports: readonly number[];
}

interface NodePlace {
  folder: string;
  amqpPort: number;
  distributionPort: number;
  mapper: PortMapper;
}

const nodeName = (port: number): string => `mini-nova-${port}@localhost`;

function nodeEnvironment(place: NodePlace): Record<string, string> {
  const { folder } = place;
  return {
    HOME: folder, // where Erlang keeps its cookie
    RABBITMQ_NODENAME: nodeName(place.amqpPort),
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
    ERL_EPMD_PORT: String(place.mapper.port),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  };
}

const CONFIG = ['disk_free_limit.absolute = 1MB'];

function clusterConfig(ports: readonly number[]): string[] {
  return [
    'cluster_formation.peer_discovery_backend = classic_config',
    ...ports.map((port, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${nodeName(port)}`),
    // A delay against races, which the nodes' lock already prevents.
    'cluster_formation.randomized_startup_delay_range.min = 0',
    'cluster_formation.randomized_startup_delay_range.max = 0',
  ];
}

/** rabbitmqctl as whoever runs the tests: Debian's wrapper of that name insists on root. */
function ctlProgram(serverPath: string): Promise<string | undefined> {
  return findProgram([join(serverPath, '..', 'rabbitmqctl'), 'rabbitmqctl']);
}

async function createCtl(program: string, place: NodePlace): Promise<RabbitCtl> {
  const ctl: RabbitCtl = { program, args: [], env: nodeEnvironment(place) };
  const erlCall = await findProgram(['erl_call']);
  if (erlCall === undefined) return ctl;
  const cookieFile = join(place.folder, '.erlang.cookie');
  return { ...ctl, erlCall: { program: erlCall, node: nodeName(place.amqpPort), cookieFile } };
}

/** A private RabbitMQ node, with its own port mapper, cookie, data and log in a temporary folder, only on loopback. */
export class RabbitNode implements RabbitEngine {
  readonly port: number;
  readonly user = 'guest';
  readonly password = 'guest';
  readonly ctl: RabbitCtl;
  private readonly serverPath: string;
  private readonly place: NodePlace;
  private node: Child | undefined;

  private constructor(serverPath: string, place: NodePlace, ctl: RabbitCtl) {
    this.serverPath = serverPath;
    this.place = place;
    this.port = place.amqpPort;
    this.ctl = ctl;
  }

  /** A node that stands alone. */
  static async create(serverPath: string): Promise<RabbitNode> {
    const place = { amqpPort: await freePort(), mapper: await PortMapper.create() };
    return RabbitNode.createAt(serverPath, place, CONFIG);
  }

  /** One node of a cluster, which it joins when it starts for the first time. */
  static async createMember(serverPath: string, plan: RabbitClusterPlan, port: number): Promise<RabbitNode> {
    const { mapper, cookie, ports } = plan;
    const config = [...CONFIG, ...clusterConfig(ports)];
    const node = await RabbitNode.createAt(serverPath, { amqpPort: port, mapper }, config);
    await writeFile(join(node.place.folder, '.erlang.cookie'), cookie, { mode: 0o400 });
    return node;
  }

  private static async createAt(
    serverPath: string,
    where: Pick<NodePlace, 'amqpPort' | 'mapper'>,
    config: readonly string[],
  ): Promise<RabbitNode> {
    const ctlPath = await ctlProgram(serverPath);
    if (ctlPath === undefined) throw new Error(`no rabbitmqctl beside ${serverPath}`);
    const folder = tempDir('mini-nova-rabbit-');
    await writeFile(join(folder, 'rabbitmq.conf'), `${config.join('\n')}\n`);
    await writeFile(join(folder, 'enabled_plugins'), '[].\n');
    await writeFile(join(folder, 'advanced.config'), '[].\n');
    await writeFile(join(folder, 'rabbitmq-env.conf'), '');
    const place = { ...where, folder, distributionPort: await freePort() };
    return new RabbitNode(serverPath, place, await createCtl(ctlPath, place));
  }

  async start(): Promise<void> {
    if (this.node?.running) return;
    await this.place.mapper.start();
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

  /** Ends the port mapper too, so the other nodes of a cluster must be closed as well. */
  async close(): Promise<void> {
    await this.kill();
    await this.place.mapper.close();
  }
}
