import { runOk } from './command.ts';

/** How rabbitmqctl reaches one broker; plain data, so that it can be handed to another process. */
export interface RabbitCtl {
  program: string;
  args: string[];
  env: Record<string, string>;
}

export interface QueueInfo {
  name: string;
  /** Ready and unacknowledged together. */
  messages: number;
  consumers: number;
}

export interface ConsumerInfo {
  queue: string;
  consumerTag: string;
}

export interface ConnectionInfo {
  /** The broker's name of it, for `close_connection`. */
  pid: string;
  /** What the client calls it (`connection_name`); '' when it does not. */
  name: string;
  /** `running`, `blocking`, `blocked` and others. */
  state: string;
}

/** The environment of server programs: none of the settings of RabbitMQ or PostgreSQL that a shell may hold. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = /^(PATH|LANG|TMPDIR|DOCKER_.*)$/;
  const own = Object.entries(process.env).filter(([name]) => kept.test(name));
  return { LANG: 'C.UTF-8', ...Object.fromEntries(own) };
}

/** Runs rabbitmqctl and returns what it printed; takes about a second. */
export function rabbitmqctl(ctl: RabbitCtl, args: readonly string[]): Promise<string> {
  return runOk(ctl.program, [...ctl.args, ...args], {
    env: { ...plainEnvironment(), ...ctl.env },
    timeout: 120,
  });
}

async function list(ctl: RabbitCtl, args: readonly string[]): Promise<Record<string, unknown>[]> {
  const rows: unknown = JSON.parse(await rabbitmqctl(ctl, ['--silent', '--formatter', 'json', ...args]));
  return Array.isArray(rows) ? rows : [];
}

export async function listQueues(ctl: RabbitCtl): Promise<QueueInfo[]> {
  const rows = await list(ctl, ['list_queues', 'name', 'messages', 'consumers']);
  return rows.map((row) => ({
    name: String(row.name),
    messages: Number(row.messages),
    consumers: Number(row.consumers),
  }));
}

export async function listConsumers(ctl: RabbitCtl): Promise<ConsumerInfo[]> {
  const rows = await list(ctl, ['list_consumers']);
  return rows.map((row) => ({ queue: String(row.queue_name), consumerTag: String(row.consumer_tag) }));
}

/** The connections of all the broker's nodes. */
export async function listConnections(ctl: RabbitCtl): Promise<ConnectionInfo[]> {
  // In the JSON format a pid lacks its node, and `close_connection` does not take it.
  const table = await rabbitmqctl(ctl, ['--silent', 'list_connections', 'pid', 'state', 'client_properties']);
  return table
    .split('\n')
    .filter((line) => line.startsWith('<'))
    .map((line) => {
      const [pid = '', state = '', properties = ''] = line.split('\t');
      return { pid, state, name: /\{"connection_name","([^"]*)"\}/.exec(properties)?.[1] ?? '' };
    });
}
