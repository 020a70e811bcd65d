import { freePort } from '@mini-nova/testing';
import { describe, expect, test, vi } from 'vitest';
import { ServerLost } from '../../errors.ts';
import { getRpcServer, MessageDeliveryFailure, Target } from '../../index.ts';
import { RpcFixture } from '../rpc-fixture.ts';
import { faultBench } from './support/fault-bench.ts';
import { echo, numbers, Pulse, recovery, SlowMethod } from './support/server-queues.ts';

const bench = faultBench();

describe.each([['crashes', 'kill'] as const, ['is stopped in order', 'stop'] as const])(
  'a broker that %s and comes back',
  (_how, end) => {
    test('while calls run: each ends with its result, by the same reply queue, and servers consume again', async () => {
      const { broker, ledger } = bench();
      const [slow, pulse] = [new SlowMethod(), new Pulse()];
      await bench().serve({ ...echo, ...pulse.endpoint, ...slow.endpoint });
      const caller = bench().client();
      const calls = numbers(50).map((value) => ledger.call(caller, 'slow', { value }));
      await vi.waitFor(() => expect(slow.running).toBe(50));
      await broker[end]();
      slow.finish.open();
      await broker.start();
      await recovery(bench(), pulse);
      expect(await Promise.all(calls)).toEqual(numbers(50));
      expect(slow.running).toBe(50);
    });
  },
);

describe('while a broker is down', () => {
  test('casts and calls wait for it, and each runs once', async () => {
    const { broker, ledger } = bench();
    await bench().serve({ ...echo, ...ledger.notebook });
    const caller = bench().client();
    await ledger.call(caller, 'echo', { value: 'warm' });
    await broker.kill();
    const casts = numbers(50).map((value) => ledger.cast(caller, value));
    const calls = numbers(50).map((value) => ledger.call(caller, 'echo', { value }));
    await broker.start();
    await Promise.all(casts);
    expect(await Promise.all(calls)).toEqual(numbers(50));
    await vi.waitFor(() => expect(ledger.noted).toHaveLength(50));
    expect(ledger.repeated).toBe(0);
  });

  test('a cast not to be tried again fails at once, each call ends by its deadline, and all can be closed', async () => {
    const { broker, ledger, rpc } = bench();
    await bench().serve({ ...echo, ...ledger.notebook });
    const caller = bench().client();
    await ledger.call(caller, 'echo', { value: 'warm' });
    await broker.kill();
    try {
      const once = caller.prepare({ retry: 0 });
      await expect(ledger.cast(once, 'lost')).rejects.toThrow(MessageDeliveryFailure);
      await expect(ledger.cast(once, 'lost')).rejects.toThrow(MessageDeliveryFailure);
      const outcomes = await Promise.all(
        numbers(20).map((value) => ledger.outcome(caller, 'echo', { value }, 1)),
      );
      expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome)))).toEqual(
        new Set([JSON.stringify({ code: 'MESSAGING_TIMEOUT' })]),
      );
      const pending = ledger.outcome(caller, 'echo', { value: 2 });
      // The broker is back only after this.
      await rpc.close();
      expect(await pending).toEqual({ code: 'MESSAGE_DELIVERY_FAILURE' });
    } finally {
      await broker.start();
    }
  });

  test('a server that waits for it can be stopped', async () => {
    const nowhere = new RpcFixture(`rabbit://guest:guest@127.0.0.1:${await freePort()}/`);
    const server = getRpcServer(nowhere.transport(), new Target({ topic: 't', server: 'host1' }), [echo]);
    const refused = expect(server.start()).rejects.toThrow(MessageDeliveryFailure);
    await server.stop();
    await refused;
    await nowhere.close();
  });
});

describe('casts on durable and quorum queues', () => {
  const kinds = [
    { kind: 'durable', rabbit: { amqpDurableQueues: true } },
    { kind: 'quorum', rabbit: { rabbitQuorumQueue: true } },
  ];

  test('that were accepted before a crash run after it', async () => {
    const { broker, ledger, rpc } = bench();
    const serve = async ({ kind, rabbit }: (typeof kinds)[0]) => {
      const transport = bench().transport({ rabbit, controlExchange: `exchange-${kind}` });
      return rpc.serve(ledger.notebook, { topic: `${rpc.topic}-${kind}`, transport });
    };
    const send = async ({ kind, rabbit }: (typeof kinds)[0]) => {
      const transport = bench().transport({ rabbit, controlExchange: `exchange-${kind}` });
      const caller = rpc.client({ transport, target: { topic: `${rpc.topic}-${kind}` } });
      await Promise.all(numbers(500).map((value) => ledger.cast(caller, `${kind} ${value}`)));
    };
    const servers = await Promise.all(kinds.map(serve));
    await Promise.all(servers.map((server) => server.stop()));
    // RabbitMQ 3.10 writes only every half second where a new quorum queue's log is; a crash before loses the queue.
    await broker.evaluate('[ok = dets:sync(Table) || Table <- dets:all()]');
    await Promise.all(kinds.map(send));
    await broker.kill();
    await broker.start();
    await Promise.all(kinds.map(serve));
    await vi.waitFor(() => expect(ledger.noted).toHaveLength(1000));
  });
});

describe('10,000 calls in flight at a crash of the broker', () => {
  const COUNT = 10_000;

  test('that all run: each gets its own result', async () => {
    const { broker, ledger } = bench();
    const slow = new SlowMethod();
    await bench().serve(slow.endpoint);
    const caller = bench().client();
    const calls = numbers(COUNT).map((value) => ledger.call(caller, 'slow', { value }));
    await vi.waitFor(() => expect(slow.running).toBe(COUNT), { interval: 100 });
    await broker.kill();
    slow.finish.open();
    await broker.start();
    expect(await Promise.all(calls)).toEqual(numbers(COUNT));
    expect(slow.running).toBe(COUNT);
  });

  test('that come and go: each ends in its own result, or in a typed error before its timeout', async () => {
    const { broker, ledger } = bench();
    let ran = 0;
    let killed: Promise<void> | undefined;
    const endpoint = {
      echo: (_ctxt: object, { value }: { value: number }) => {
        ran += 1;
        if (ran === COUNT / 2) killed = broker.kill();
        return value;
      },
    };
    // The broker still has many of them when it is killed.
    await bench().serve(endpoint, 'host1', { rabbit: { rabbitQosPrefetchCount: 100 } });
    const caller = bench().client();
    await ledger.call(caller, 'echo', { value: 0 });
    const settled = Promise.allSettled(numbers(COUNT).map((value) => ledger.call(caller, 'echo', { value })));
    await vi.waitFor(() => expect(killed).toBeDefined());
    await killed;
    expect(ran).toBeLessThan(COUNT);
    await broker.start();
    // What was lost with the broker is told by the call monitor, long before the timeout.
    const ends = await settled;
    const wrong = ends.filter((end, value) =>
      end.status === 'fulfilled' ? end.value !== value : !(end.reason instanceof ServerLost),
    );
    expect(wrong).toEqual([]);
    expect(ends.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(COUNT / 10);
  });
});
