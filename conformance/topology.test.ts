import {
  getRabbit,
  type PrivateRabbit,
  type RabbitHandle,
  rabbitmqctl,
  startRabbit,
  uniqueTopic,
} from '@mini-nova/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RabbitOptions } from '../packages/messaging/index.ts';
import { CTXT, RpcFixture } from '../packages/messaging/test/rpc-fixture.ts';
import { opened, RawPeer } from '../test/integration/support/raw-peer.ts';
import { OsloPeer } from './support/oslo-peer.ts';

/** The same options in Python's words and in ours. */
const OPTIONS: [string, Record<string, string>, RabbitOptions][] = [
  ['by default', {}, {}],
  [
    'durable, and of another life time',
    { amqp_durable_queues: 'true', rabbit_transient_queues_ttl: '60' },
    { amqpDurableQueues: true, rabbitTransientQueuesTtl: 60 },
  ],
  ['auto-delete', { amqp_auto_delete: 'true' }, { amqpAutoDelete: true }],
  [
    'quorum queues with limits',
    { rabbit_quorum_queue: 'true', rabbit_quorum_delivery_limit: '7', rabbit_quroum_max_memory_length: '9' },
    { rabbitQuorumQueue: true, rabbitQuorumDeliveryLimit: 7, rabbitQuorumMaxMemoryLength: 9 },
  ],
];

/** The names by which one end's rows are found, and without which they are compared. */
interface Names {
  exchange: string;
  topic: string;
  replyQueue: string;
}

const LISTS: [string, ...string[]][] = [
  ['list_exchanges', 'name', 'type', 'durable', 'auto_delete', 'arguments'],
  ['list_queues', 'name', 'durable', 'auto_delete', 'exclusive', 'arguments', 'type'],
  ['list_bindings', 'source_name', 'destination_name', 'routing_key', 'arguments'],
];

const closers: (() => Promise<void>)[] = [];
const theirs = new Map<string, Names>();
const ours = new Map<string, Names>();
/** All exchanges, queues and bindings, once everybody has made theirs. */
const rows: string[] = [];

/** A broker that can be asked for its topology; the shared one may belong to somebody else. */
async function administrableBroker(): Promise<RabbitHandle> {
  const shared = await getRabbit();
  if (shared.ctl !== undefined) return shared;
  const own: PrivateRabbit = await startRabbit();
  closers.unshift(() => own.close());
  return own;
}

function newTarget(): { exchange: string; topic: string; version: string } {
  return { exchange: uniqueTopic('exchange'), topic: uniqueTopic('compute'), version: '1.0' };
}

/** A server in Python, and a call to it. */
async function usePython(python: OsloPeer): Promise<Names> {
  const target = newTarget();
  await python.serve({ ...target, server: 'host1' });
  await python.call({ target, method: 'echo', args: { value: 1 } });
  return { ...target, replyQueue: await python.replyQueue() };
}

/** The same with us. */
async function useOurs(url: string, rabbit: RabbitOptions): Promise<Names> {
  const rpc = new RpcFixture(url);
  closers.push(() => rpc.close());
  const { exchange, topic } = newTarget();
  const transport = rpc.transport({ controlExchange: exchange, rabbit });
  await rpc.serve({ echo: () => 1 }, { topic, server: 'host1', transport });
  const client = rpc.client({ transport, target: { topic } });
  await client.call(CTXT, 'echo', {});
  return {
    exchange,
    topic,
    replyQueue: await ourReplyQueue(url, exchange, () => client.call(CTXT, 'echo', {})),
  };
}

/** Found in a request, of which a copy is caught on the way. */
async function ourReplyQueue(url: string, exchange: string, call: () => Promise<unknown>): Promise<string> {
  const raw = await RawPeer.connect(url);
  const queue = uniqueTopic('copies');
  const copies = await raw.receive(queue);
  await raw.channel.bindQueue(queue, exchange, '#');
  await call();
  await vi.waitFor(() => expect(copies).not.toHaveLength(0));
  await raw.channel.deleteQueue(queue);
  await raw.close();
  return String(opened(copies[0])._reply_q);
}

/** The rows of one end, without what differs in each process. */
function topology({ exchange, topic, replyQueue }: Names): string[] {
  const names = [exchange, topic, replyQueue];
  return rows
    .filter((row) => names.some((name) => row.includes(name)))
    .map((row) =>
      row
        .replaceAll(exchange, 'EXCHANGE')
        .replaceAll(topic, 'TOPIC')
        .replaceAll(replyQueue, 'REPLY_QUEUE')
        .replace(/[0-9a-f]{32}/g, 'ID'),
    )
    .sort();
}

beforeAll(async () => {
  const { url, ctl } = await administrableBroker();
  if (ctl === undefined) throw new Error('The broker cannot be administered');
  const peer = await OsloPeer.start(url);
  closers.push(() => peer.close());
  for (const [title, python, rabbit] of OPTIONS) {
    theirs.set(title, await usePython(peer.beside(python)));
    ours.set(title, await useOurs(url, rabbit));
  }
  for (const [what, ...columns] of LISTS) {
    const table = await rabbitmqctl(ctl, ['--silent', what, ...columns]);
    rows.push(...table.split('\n').map((row) => `${what} ${row}`));
  }
});

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

describe('exchanges, queues and bindings are those of oslo.messaging', () => {
  test.each(OPTIONS)('%s', (title) => {
    const [python, typescript] = [theirs.get(title), ours.get(title)];
    if (python === undefined || typescript === undefined) throw new Error('An end is missing');
    const expected = topology(python);
    // Two exchanges, four queues, their bindings to the default exchange, and those of the topic to its exchanges.
    expect(expected).toHaveLength(13);
    expect(topology(typescript)).toEqual(expected);
  });
});
