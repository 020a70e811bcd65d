import { INSTALL_COMMAND } from './debian.ts';
import { TestServerUnavailable } from './errors.ts';
import { dockerRuns, installedRabbit } from './programs.ts';
import { RabbitContainer } from './rabbit-container.ts';
import {
  type ConnectionInfo,
  type ConsumerInfo,
  closeConnection,
  deleteQueue,
  evaluate,
  listConnections,
  listConsumers,
  listQueues,
  type QueueInfo,
  type RabbitCtl,
  rabbitmqctl,
} from './rabbit-ctl.ts';
import { type RabbitEngine, RabbitNode } from './rabbit-node.ts';

/** A shared broker: keep to topics of your own (`uniqueTopic`). */
export interface RabbitHandle {
  /** rabbit://user:password@host:port/ */
  readonly url: string;
  /** Absent for a broker given by NOVA_TEST_RABBIT_URL. */
  readonly ctl?: RabbitCtl;
}

/** A private broker: it may be stopped or killed, and started again with the same port and data. */
export class PrivateRabbit implements RabbitHandle {
  readonly url: string;
  readonly port: number;
  readonly ctl: RabbitCtl;
  private readonly engine: RabbitEngine;

  constructor(engine: RabbitEngine) {
    this.engine = engine;
    this.port = engine.port;
    this.url = `rabbit://${engine.user}:${engine.password}@127.0.0.1:${engine.port}/`;
    this.ctl = engine.ctl;
  }

  /** Starts it, or starts it again, and waits until it accepts connections (about 5 s). */
  start(): Promise<void> {
    return this.engine.start();
  }

  /** An orderly end: connections are closed, and durable data is written. */
  stop(): Promise<void> {
    return this.engine.stop();
  }

  /** SIGKILL, like a crash: only what was on disk comes back. */
  kill(): Promise<void> {
    return this.engine.kill();
  }

  /** Ends it for good. */
  close(): Promise<void> {
    return this.engine.close();
  }

  rabbitmqctl(...args: string[]): Promise<string> {
    return rabbitmqctl(this.ctl, args);
  }

  listQueues(): Promise<QueueInfo[]> {
    return listQueues(this.ctl);
  }

  listConsumers(): Promise<ConsumerInfo[]> {
    return listConsumers(this.ctl);
  }

  listConnections(): Promise<ConnectionInfo[]> {
    return listConnections(this.ctl);
  }

  /** Has the broker evaluate an Erlang expression. */
  async evaluate(expression: string): Promise<void> {
    await evaluate(this.ctl, expression);
  }

  /** Closes the connections whose name (`connection_name`) matches, as an operator would; by default all. */
  async closeConnections(name = /^/): Promise<void> {
    const matching = (await this.listConnections()).filter((connection) => name.test(connection.name));
    await Promise.all(matching.map(({ pid }) => closeConnection(this.ctl, pid)));
  }

  deleteQueue(name: string): Promise<void> {
    return deleteQueue(this.ctl, name);
  }

  /** When out of memory, the broker reads no more from publishing connections, and tells them so (`blocked`). */
  async setMemoryAlarm(on: boolean): Promise<void> {
    await this.evaluate(`vm_memory_monitor:set_vm_memory_high_watermark(${on ? 0.0001 : 0.4})`);
  }
}

async function createEngine(): Promise<RabbitEngine> {
  const installed = await installedRabbit();
  if (installed !== undefined) return RabbitNode.create(installed);
  if (await dockerRuns()) return RabbitContainer.create();
  throw new TestServerUnavailable(
    'RabbitMQ',
    `Install it: ${INSTALL_COMMAND} (or start Docker, or set NOVA_TEST_RABBIT_URL).`,
  );
}

/**
 * Starts a broker for the caller alone, from the rabbitmq-server on this machine, installed first where that
 * is possible, or in a container. It ends at the latest with this process.
 * @throws TestServerUnavailable with the command to run
 */
export async function startRabbit(): Promise<PrivateRabbit> {
  const rabbit = new PrivateRabbit(await createEngine());
  try {
    await rabbit.start();
  } catch (error) {
    await rabbit.close();
    throw error;
  }
  return rabbit;
}

const SHARED = 'MINI_NOVA_SHARED_RABBIT';
let own: Promise<PrivateRabbit> | undefined;

/** Passes a broker on to the processes started from here on, where `getRabbit` returns it. */
export function shareRabbit(rabbit: PrivateRabbit | undefined): void {
  if (rabbit === undefined) delete process.env[SHARED];
  else process.env[SHARED] = JSON.stringify({ url: rabbit.url, ctl: rabbit.ctl });
}

/**
 * The broker that all test files share: NOVA_TEST_RABBIT_URL, or the one that the global set-up started, or,
 * where there was no set-up, one started now for this process.
 */
export async function getRabbit(): Promise<RabbitHandle> {
  const { NOVA_TEST_RABBIT_URL: given, [SHARED]: shared } = process.env;
  if (given !== undefined && given !== '') return { url: given };
  if (shared !== undefined) return JSON.parse(shared) as RabbitHandle;
  own ??= startRabbit();
  return own;
}
