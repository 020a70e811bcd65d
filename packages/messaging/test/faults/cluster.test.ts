import { type PrivateRabbit, type RabbitCluster, startRabbitCluster } from '@mini-nova/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RabbitOptions } from '../../index.ts';
import { FaultBench } from './support/fault-bench.ts';
import { echo, numbers, Pulse, recovery, SlowMethod } from './support/server-queues.ts';

let cluster: RabbitCluster;
let bench: FaultBench;
/** Nodes that a test ended. */
let down: PrivateRabbit[];

beforeAll(async () => {
  cluster = await startRabbitCluster(3);
});
afterAll(() => cluster?.close());
beforeEach(() => {
  down = [];
  const [node] = cluster.nodes;
  if (node !== undefined) bench = new FaultBench(node, cluster.url);
});
afterEach(async () => {
  await Promise.all(down.map((node) => node.start()));
  vi.restoreAllMocks();
  await bench.finish();
});

const QUORUM: RabbitOptions = { rabbitQuorumQueue: true };

async function kill(node: PrivateRabbit): Promise<void> {
  down.push(node);
  await node.kill();
}

/** The node that the connection of that name is at. */
async function nodeOf(connection: RegExp): Promise<PrivateRabbit> {
  const [node] = cluster.nodes;
  const found = (await node?.listConnections())?.find(({ name }) => connection.test(name));
  const port = /-(\d+)@/.exec(found?.pid ?? '')?.[1];
  const home = cluster.nodes.find((candidate) => String(candidate.port) === port);
  if (home === undefined) throw new Error(`no node has the connection ${connection}`);
  return home;
}

describe('a cluster with quorum queues that loses a node', () => {
  test.each([
    ['the client', /^client:/],
    ['the server', /^server:.*host1$/],
  ])(
    'to which %s is connected: no cast is lost, and each call has its result or a typed error',
    async (_who, connection) => {
      const { ledger } = bench;
      const slow = new SlowMethod();
      const endpoint = { ...echo, ...ledger.notebook, ...slow.endpoint };
      const controlExchange = `exchange-${bench.topic}`;
      await bench.serve(endpoint, 'host1', { name: 'server', controlExchange, rabbit: QUORUM });
      const caller = bench.client({ name: 'client', controlExchange, rabbit: QUORUM });
      await ledger.call(caller, 'echo', { value: 'warm' });
      // While the cluster sorts itself out, it may show no consumer of the queue.
      const unmonitored = caller.prepare({ callMonitorTimeout: null });
      const running = ledger.call(unmonitored, 'slow', { value: 'slow' });
      await vi.waitFor(() => expect(slow.running).toBe(1));
      const node = await nodeOf(connection);
      let stop = false;
      let sent = 0;
      const outcomes = new Set<string>();
      const load = Promise.all(
        numbers(8).map(async (worker) => {
          while (!stop) {
            sent += 1;
            const value = `${worker} ${sent}`;
            const [outcome] = await Promise.all([
              ledger.outcome(caller, 'echo', { value }),
              ledger.cast(caller, value),
            ]);
            outcomes.add(JSON.stringify(outcome));
          }
        }),
      );
      await vi.waitFor(() => expect(sent).toBeGreaterThan(100));
      await kill(node);
      const before = sent;
      await vi.waitFor(() => expect(sent).toBeGreaterThan(before + 100));
      slow.finish.open();
      expect(await running).toBe('slow');
      stop = true;
      await load;
      // Reply queues are classic: a reply that the node held is lost, and its caller learns that.
      outcomes.delete(JSON.stringify('result'));
      outcomes.delete(JSON.stringify({ code: 'SERVER_LOST' }));
      expect([...outcomes]).toEqual([]);
    },
  );
});

describe('a cluster with quorum queues for replies, too, that loses a node', () => {
  test('to which all are connected: each call has its result, before that node is back', async () => {
    // All take the hosts in the same order, so that all queues lose their leader.
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const { ledger } = bench;
    const options = {
      controlExchange: `exchange-${bench.topic}`,
      rabbit: { ...QUORUM, rabbitTransientQuorumQueue: true },
    };
    await bench.serve(echo, 'host1', { name: 'server', ...options });
    // While the cluster sorts itself out, it may show no consumer of a queue.
    const caller = bench.client({ name: 'client', ...options, callMonitorTimeout: null });
    await ledger.call(caller, 'echo', { value: 'warm' });
    random.mockRestore();
    const outcomes: unknown[] = [];
    let stop = false;
    const load = Promise.all(
      numbers(8).map(async (value) => {
        while (!stop) outcomes.push(await ledger.outcome(caller, 'echo', { value }));
      }),
    );
    await vi.waitFor(() => expect(outcomes.length).toBeGreaterThan(100));
    await kill(await nodeOf(/^client:/));
    const before = outcomes.length;
    await vi.waitFor(() => expect(outcomes.length).toBeGreaterThan(before + 200));
    stop = true;
    await load;
    expect(new Set(outcomes)).toEqual(new Set(['result']));
  });
});

describe('a cluster with classic queues that loses a node', () => {
  test('has lost what was there, and serves all again', async () => {
    const { ledger } = bench;
    const pulse = new Pulse();
    await bench.serve({ ...echo, ...pulse.endpoint }, 'host1', { name: 'server' });
    const caller = bench.client({ name: 'client' });
    await ledger.call(caller, 'echo', { value: 'warm' });
    // The queues are at home where they were declared.
    await kill(await nodeOf(/^server:.*host1$/));
    // Until the other node has done with the queues of the one that it lost, nobody can declare them.
    await recovery(bench, pulse);
    expect(await ledger.call(caller, 'echo', { value: 'after' })).toBe('after');
  });

  test('keeps what durable queues hold until it is back', async () => {
    const { ledger } = bench;
    // Casts are tried for longer than a node may take to start.
    const rabbit = { amqpDurableQueues: true, kombuMissingConsumerRetryTimeout: 3600 };
    const options = { controlExchange: `exchange-${bench.topic}`, rabbit };
    const first = await bench.serve(ledger.notebook, 'host1', { name: 'server', ...options });
    const home = await nodeOf(/^server:.*host1$/);
    await first.stop();
    const caller = bench.client({ name: 'client', ...options });
    await Promise.all(numbers(100).map((value) => ledger.cast(caller, value)));
    await kill(home);
    const serving = bench.serve(ledger.notebook, 'host1', { name: 'server', ...options });
    const late = numbers(20).map((value) => ledger.cast(caller, `late ${value}`));
    await home.start();
    await serving;
    await Promise.all(late);
    await vi.waitFor(() => expect(ledger.noted).toHaveLength(120));
  });
});
