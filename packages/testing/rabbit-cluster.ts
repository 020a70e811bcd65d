import { randomBytes } from 'node:crypto';
import { INSTALL_COMMAND } from './debian.ts';
import { TestServerUnavailable } from './errors.ts';
import { freePort } from './free-port.ts';
import { PortMapper } from './port-mapper.ts';
import { installedRabbit } from './programs.ts';
import { PrivateRabbit } from './rabbit.ts';
import { rabbitmqctl } from './rabbit-ctl.ts';
import { type RabbitClusterPlan, RabbitNode } from './rabbit-node.ts';
import { waitFor } from './wait-for.ts';

/** Seconds from the last node's start until every node runs with all others. */
const JOIN_SECONDS = 240;

/** A private cluster: each node may be stopped, killed and started again. */
export interface RabbitCluster {
  /** All nodes in one transport URL. */
  readonly url: string;
  /** One transport URL per node. */
  readonly urls: readonly string[];
  readonly nodes: readonly PrivateRabbit[];
  /** Ends all nodes for good. */
  close(): Promise<void>;
}

async function distinctPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

async function createNodes(serverPath: string, count: number): Promise<PrivateRabbit[]> {
  const plan: RabbitClusterPlan = {
    mapper: await PortMapper.create(),
    cookie: randomBytes(20).toString('hex'),
    ports: await distinctPorts(count),
  };
  const members = plan.ports.map((port) => RabbitNode.createMember(serverPath, plan, port));
  return (await Promise.all(members)).map((member) => new PrivateRabbit(member));
}

/** Whether all nodes run, as seen by this node. */
async function isWhole(node: PrivateRabbit, count: number): Promise<boolean> {
  const status: unknown = JSON.parse(
    await rabbitmqctl(node.ctl, ['--silent', '--formatter', 'json', 'cluster_status']),
  );
  const { running_nodes: running } = status as { running_nodes?: unknown[] };
  return running?.length === count;
}

/**
 * Starts, in parallel, brokers that form a cluster (about 15 s), from the rabbitmq-server on this machine. They end
 * at the latest with this process.
 * @throws TestServerUnavailable where there is no rabbitmq-server and none can be installed
 */
export async function startRabbitCluster(count: 2 | 3): Promise<RabbitCluster> {
  const serverPath = await installedRabbit();
  if (serverPath === undefined)
    throw new TestServerUnavailable('RabbitMQ cluster', `Install RabbitMQ: ${INSTALL_COMMAND}`);
  const nodes = await createNodes(serverPath, count);
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.close()));
  };
  try {
    await Promise.all(nodes.map((node) => node.start()));
    const whole = async (): Promise<boolean> => {
      const views = await Promise.all(nodes.map((node) => isWhole(node, count)));
      return views.every((view) => view);
    };
    await waitFor('a whole RabbitMQ cluster', whole, { timeout: JOIN_SECONDS });
  } catch (error) {
    await close();
    throw error;
  }
  const hosts = nodes.map(({ port }) => `guest:guest@127.0.0.1:${port}`);
  return { url: `rabbit://${hosts.join(',')}/`, urls: nodes.map(({ url }) => url), nodes, close };
}
