import { describe, expect, test, vi } from 'vitest';
import type { RPCServer, RpcHooks, Transport } from '../../index.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { CTXT, Gate } from '../rpc-fixture.ts';
import { faultBench } from './support/fault-bench.ts';
import { echo, numbers, Pulse, recovery, SlowMethod } from './support/server-queues.ts';

const bench = faultBench();

describe('a connection that the broker closes', () => {
  test.each([
    ['the client', /^client:/],
    ["the server's consumers", /^server:.*host1$/],
    ["the server's replies", /^server:.*publisher$/],
    ['everybody', undefined],
  ])('of %s: it is made again, and the calls under way end well', async (_whose, name) => {
    const { broker, ledger } = bench();
    const [slow, pulse] = [new SlowMethod(), new Pulse()];
    await bench().serve({ ...echo, ...pulse.endpoint, ...slow.endpoint }, 'host1', { name: 'server' });
    const caller = bench().client({ name: 'client' });
    await ledger.call(caller, 'echo', { value: 1 });
    const call = ledger.call(caller, 'slow', { value: 'slow' });
    await vi.waitFor(() => expect(slow.running).toBe(1));
    await broker.closeConnections(name);
    await recovery(bench(), pulse);
    slow.finish.open();
    expect(await call).toBe('slow');
  });

  test('again and again, while calls run: no call fails', async () => {
    const { broker, ledger } = bench();
    await bench().serve(echo, 'host1');
    await bench().serve(echo, 'host2');
    const caller = bench().client();
    let stop = false;
    let answered = 0;
    const callers = numbers(8).map(async () => {
      while (!stop) answered += Number(await ledger.call(caller, 'echo', { value: 1 }));
    });
    for (let round = 0; round < 3; round += 1) {
      const before = answered;
      await broker.closeConnections();
      await vi.waitFor(() => expect(answered).toBeGreaterThan(before + 20));
    }
    stop = true;
    await Promise.all(callers);
    // Three queues of each server, and the reply queue.
    await vi.waitFor(async () => expect(await broker.listConsumers()).toHaveLength(7));
  });

  test('is told in the log, without passwords', async () => {
    const { broker } = bench();
    const logger = new RecordingLogger();
    const caller = bench().client({ logger });
    const fanout = caller.prepare({ fanout: true });
    await fanout.cast(CTXT, 'note', {});
    await broker.closeConnections();
    await fanout.cast(CTXT, 'note', {});
    expect(logger.at('info', 'warn', 'error').map(({ message }) => message)).toEqual([
      'connected to RabbitMQ',
      'connection to RabbitMQ lost',
      'connected to RabbitMQ',
    ]);
    expect(JSON.stringify(logger.lines)).not.toContain('guest');
  });
});

describe('what is stopped on its way back to the broker', () => {
  /** Runs `act` when the connection of that name is lost, or made again. */
  function hookOn(type: 'connected' | 'disconnected', name: RegExp, act: () => void): RpcHooks {
    let lost = false;
    return {
      onTransportEvent: (event) => {
        if (!name.test(String(event.data.connection))) return;
        lost ||= event.type === 'disconnected';
        if (lost && event.type === type) act();
      },
    };
  }

  test.each(['disconnected', 'connected'] as const)(
    'leaves no queue behind, be it a server or a client (%s)',
    async (when) => {
      const { names: expiring } = bench().expiring;
      let before: number;
      do {
        before = expiring.size;
        await stopOnTheWay(when);
        // What it had no time left to delete was told, and shows nothing: the next time may be long enough.
      } while (expiring.size > before);
    },
  );

  async function stopOnTheWay(when: 'disconnected' | 'connected'): Promise<void> {
    const { broker, ledger } = bench();
    const ends = { server: new Gate(), client: new Gate() };
    const closing = hookOn(when, /^client:/, () => void transport.close().then(() => ends.client.open()));
    const transport: Transport = bench().transport({ name: 'client', hooks: [closing] });
    const stopping = hookOn(when, /host1$/, () => void server.stop().then(() => ends.server.open()));
    const server: RPCServer = await bench().serve(echo, 'host1', { name: 'server', hooks: [stopping] });
    await ledger.call(bench().rpc.client({ transport }), 'echo', { value: 1 });
    expect(await transientQueues()).toHaveLength(2);
    await broker.closeConnections();
    await Promise.all([ends.server.opened, ends.client.opened]);
    expect(await transientQueues()).toEqual([]);
  }

  /** But those that were said to be left to expire. */
  async function transientQueues(): Promise<string[]> {
    const names = (await bench().broker.listQueues()).map(({ name }) => name);
    const transient = names.filter((name) => name.startsWith('reply_') || name.includes('_fanout_'));
    return transient.filter((name) => !bench().expiring.names.has(name));
  }
});

describe('many clients of a broker that restarts', () => {
  const CLIENTS = 60;

  /** When (ms) each client of the loggers was connected, in order. */
  const arrivals = (loggers: readonly ArrivalLogger[]) =>
    loggers.flatMap(({ connectedAt }) => connectedAt.slice(-1)).sort((a, b) => a - b);

  class ArrivalLogger extends RecordingLogger {
    readonly connectedAt: number[] = [];

    override info(data: object, message: string): void {
      if (message === 'connected to RabbitMQ') this.connectedAt.push(performance.now());
      super.info(data, message);
    }
  }

  test('come back spread over time', async () => {
    const { broker, rpc } = bench();
    const loggers = numbers(CLIENTS).map(() => new ArrivalLogger());
    // So long that a machine that is busy does not push them together.
    const rabbit = { rabbitRetryInterval: 10 };
    const clients = loggers.map((logger) => rpc.client({ transport: rpc.transport({ logger, rabbit }) }));
    const fanouts = clients.map((client) => client.prepare({ fanout: true }));
    await Promise.all(fanouts.map((fanout) => fanout.cast(CTXT, 'note', {})));
    await broker.kill();
    const back = Promise.all(fanouts.map((fanout) => fanout.cast(CTXT, 'note', {})));
    await broker.start();
    await back;
    for (const { connectedAt } of loggers) expect(connectedAt).toHaveLength(2);
    const times = arrivals(loggers);
    // At most one wait of 10 s each: evenly spread, a tenth of them comes in any second.
    const crowds = times.map((time) => times.filter((other) => other >= time && other < time + 1000).length);
    expect(Math.max(...crowds)).toBeLessThan((CLIENTS * 5) / 6);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1500);
  });
});
