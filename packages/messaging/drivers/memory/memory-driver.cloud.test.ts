import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { memoryDeadLetters, ServerLost, Target } from '../../index.ts';
import { rpcTest } from '../../test/behaviour/rpc-test.ts';
import { ODD_FAILURES } from '../../test/odd-failures.ts';
import { CTXT, Gate, RpcFixture } from '../../test/rpc-fixture.ts';
import { describeTransport } from '../../test/transport-behaviour.ts';
import type { IncomingMessage } from '../driver.ts';

const newBus = () => `memory://${randomUUID()}/`;

describeTransport('memory', newBus);

rpcTest('a cast waits for its server to come', newBus, async (rpc) => {
  const notes: unknown[] = [];
  const client = rpc.client();
  await client.cast(CTXT, 'note', { text: 1 });
  await client.prepare({ server: 'host1' }).cast(CTXT, 'note', { text: 2 });
  await client.prepare({ server: 'host2' }).cast(CTXT, 'note', { text: 'for another' });
  await client.prepare({ fanout: true }).cast(CTXT, 'note', { text: 'for nobody' });
  await rpc.serve({ note: (_ctxt: object, { text }: { text: unknown }) => void notes.push(text) });
  await vi.waitFor(() => expect(notes).toEqual([1, 2]));
});

rpcTest('a call that timed out before its server came is not run', newBus, async (rpc) => {
  const runs: unknown[] = [];
  const client = rpc.client({ failUndeliverable: false });
  await expect(client.prepare({ timeout: 0.05 }).call(CTXT, 'run', { n: 1 })).rejects.toMatchObject({
    code: 'MESSAGING_TIMEOUT',
  });
  const later = client.call(CTXT, 'run', { n: 2 });
  await rpc.serve({ run: (_ctxt: object, { n }: { n: number }) => void runs.push(n) });
  await later;
  expect(runs).toEqual([2]);
});

rpcTest('a call waits for a silent server for as long as that can answer', newBus, async (rpc) => {
  const taken: IncomingMessage[] = [];
  const transport = rpc.transport();
  const target = new Target({ topic: rpc.topic, server: 'mute' });
  await transport.driver.listen(target, (incoming) => taken.push(incoming));
  const client = rpc.client({ callMonitorTimeout: 0.05 });
  const answered = client.call(CTXT, 'any', {});
  await vi.waitFor(() => expect(taken).toHaveLength(1));
  // Longer than two silences: the passing of time is what is tested.
  await delay(200);
  await taken[0]?.reply({ result: 'at last', failure: null });
  expect(await answered).toBe('at last');

  const heard = client.call(CTXT, 'any', {});
  const unheard = client.call(CTXT, 'any', {});
  const ends = Promise.allSettled([heard, unheard]);
  await vi.waitFor(() => expect(taken).toHaveLength(3));
  await taken[1]?.heartbeat();
  await transport.close();
  const lost = { status: 'rejected', reason: expect.any(ServerLost) };
  expect(await ends).toEqual([lost, lost]);
});

rpcTest('a queue without a server takes no more messages than the limit', newBus, async (rpc) => {
  const transport = rpc.transport({ limits: { queueMessages: 100 } });
  const client = rpc.client({ transport, failUndeliverable: false });
  for (let count = 0; count < 100; count += 1) await client.cast(CTXT, 'note', {});
  const overloaded = { code: 'OVERLOADED', limit: 100, what: `openstack/${rpc.topic}` };
  await expect(client.cast(CTXT, 'note', {})).rejects.toMatchObject(overloaded);
  await expect(client.call(CTXT, 'note', {})).rejects.toMatchObject(overloaded);
  await client.prepare({ server: 'host1' }).cast(CTXT, 'note', {});
});

rpcTest('nor does one whose servers have no room, until they have', newBus, async (rpc) => {
  const gate = new Gate();
  let runs = 0;
  const endpoint = {
    slow: async () => {
      runs += 1;
      await gate.opened;
    },
  };
  await rpc.serve(endpoint, { prefetch: 1 });
  const client = rpc.client({ transport: rpc.transport({ limits: { queueMessages: 2 } }) });
  await client.cast(CTXT, 'slow', {});
  await vi.waitFor(() => expect(runs).toBe(1));
  await client.cast(CTXT, 'slow', {});
  await client.cast(CTXT, 'slow', {});
  await expect(client.cast(CTXT, 'slow', {})).rejects.toMatchObject({ code: 'OVERLOADED' });
  gate.open();
  await vi.waitFor(() => expect(runs).toBe(3));
  await client.cast(CTXT, 'slow', {});
  await vi.waitFor(() => expect(runs).toBe(4));
});

rpcTest(
  'a server runs no more bytes of requests than the limit, and a larger request alone',
  newBus,
  async (rpc) => {
    const gates = new Map<string, Gate>();
    const endpoint = {
      slow: async (_ctxt: object, { name }: { name: string }) => {
        const gate = new Gate();
        gates.set(name, gate);
        await gate.opened;
      },
    };
    await rpc.serve(endpoint, { transport: rpc.transport({ limits: { intakeBytes: 3_000 } }) });
    const client = rpc.client();
    for (const [name, bytes] of [
      ['a', 1_000],
      ['b', 1_000],
      ['huge', 10_000],
      ['c', 1_000],
    ] as const) {
      await client.cast(CTXT, 'slow', { name, fill: 'x'.repeat(bytes) });
    }
    const started = () => [...gates.keys()].join();
    await vi.waitFor(() => expect(started()).toBe('a,b'));
    gates.get('a')?.open();
    await client.prepare({ fanout: true }).cast(CTXT, 'slow', { name: 'd', fill: 'x'.repeat(1_000) });
    await vi.waitFor(() => expect(started()).toBe('a,b,d'));
    gates.get('b')?.open();
    gates.get('d')?.open();
    await vi.waitFor(() => expect(started()).toBe('a,b,d,huge'));
    gates.get('huge')?.open();
    await vi.waitFor(() => expect(started()).toBe('a,b,d,huge,c'));
    gates.get('c')?.open();
  },
);

rpcTest(
  'requests that are unacknowledged when their transport goes are run by another server',
  newBus,
  async (rpc) => {
    const started = new Gate();
    const runs: unknown[] = [];
    const transport = rpc.transport();
    const stuck = {
      note: (_ctxt: object, { text }: { text: unknown }) => {
        runs.push(`first ${text}`);
        started.open();
        return new Promise(() => {});
      },
    };
    await rpc.serve(stuck, { transport, ackPolicy: 'after' });
    const client = rpc.client();
    await client.cast(CTXT, 'note', { text: 1 });
    await started.opened;
    await transport.close();
    await rpc.serve({
      note: (_ctxt: object, { text }: { text: unknown }) => void runs.push(`second ${text}`),
    });
    await vi.waitFor(() => expect(runs).toEqual(['first 1', 'second 1']));
  },
);

test('dead letters can be looked at', async () => {
  const url = newBus();
  const rpc = new RpcFixture(url);
  const fail = () => {
    throw new Error('the disk is full');
  };
  await rpc.serve({ note: fail }, { ackPolicy: 'after', deliveryLimit: 2 });
  await rpc.client().cast(CTXT, 'note', { text: 1 });
  await vi.waitFor(() => expect(memoryDeadLetters(url, rpc.topic)).toHaveLength(1));
  expect(memoryDeadLetters(url, rpc.topic)[0]).toMatchObject({
    ctxt: CTXT,
    message: { method: 'note', args: { text: 1 } },
    reason: 'Error: the disk is full',
    attempts: 2,
    at: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect(memoryDeadLetters(url, 'another')).toEqual([]);
  await rpc.close();
  expect(memoryDeadLetters(url, rpc.topic)).toEqual([]);
});

test('a cast ends as a dead letter, however odd its failure', async () => {
  const url = newBus();
  const rpc = new RpcFixture(url);
  const odd = async (_ctxt: object, { name }: { name: string }) => {
    throw ODD_FAILURES[name]?.();
  };
  await rpc.serve({ odd }, { ackPolicy: 'after', deliveryLimit: 2 });
  const client = rpc.client();
  const names = Object.keys(ODD_FAILURES);
  for (const name of names) await client.cast(CTXT, 'odd', { name });
  const dead = () => memoryDeadLetters(url, rpc.topic).map(({ message }) => String(message.args.name));
  await vi.waitFor(() => expect(dead().sort()).toEqual([...names].sort()));
  await rpc.close();
});

rpcTest('topics of one name on two exchanges are two topics', newBus, async (rpc) => {
  await rpc.serve({ name: () => 'near' }, { transport: rpc.transport({ controlExchange: 'nova' }) });
  await rpc.serve({ name: () => 'far' }, { transport: rpc.transport({ controlExchange: 'cinder' }) });
  const client = rpc.client({ transport: rpc.transport({ controlExchange: 'nova' }) });
  for (let count = 0; count < 4; count += 1) {
    expect(await client.call(CTXT, 'name', {})).toBe('near');
    expect(await client.prepare({ exchange: 'cinder' }).call(CTXT, 'name', {})).toBe('far');
  }
});

test('buses of different names are separate', async () => {
  const [here, there] = [new RpcFixture(newBus()), new RpcFixture(newBus())];
  await here.serve({ name: () => 'here' });
  const transport = there.transport();
  const client = here.client({ transport });
  await expect(client.call(CTXT, 'name', {})).rejects.toMatchObject({ code: 'MESSAGE_UNDELIVERABLE' });
  expect(await here.client().call(CTXT, 'name', {})).toBe('here');
  await here.close();
  await there.close();
});

test('what waits on a bus goes with its last transport', async () => {
  const url = newBus();
  const first = new RpcFixture(url);
  await first.client().cast(CTXT, 'note', { text: 'lost' });
  await first.close();
  const second = new RpcFixture(url);
  const notes: unknown[] = [];
  const client = second.client({ target: { topic: first.topic } });
  await client.cast(CTXT, 'note', { text: 'kept' });
  const endpoint = { note: (_ctxt: object, { text }: { text: unknown }) => void notes.push(text) };
  await second.serve(endpoint, { topic: first.topic });
  await vi.waitFor(() => expect(notes).toEqual(['kept']));
  await second.close();
});

rpcTest('a server that stops is handed the fanouts that were sent to it', newBus, async (rpc) => {
  const notes: unknown[] = [];
  const server = await rpc.serve({
    note: (_ctxt: object, { text }: { text: unknown }) => void notes.push(text),
  });
  await rpc.client({ target: { fanout: true } }).cast(CTXT, 'note', { text: 'before' });
  await server.stop();
  await server.wait();
  expect(notes).toEqual(['before']);
});

rpcTest('timers and sockets get their turn while servers are busy', newBus, async (rpc) => {
  const client = rpc.client();
  const stopped = new Gate();
  let running = true;
  await rpc.serve({
    again: async () => {
      if (running) await client.cast(CTXT, 'again', {});
      else stopped.open();
    },
  });
  await client.cast(CTXT, 'again', {});
  setTimeout(() => {
    running = false;
  }, 20);
  await stopped.opened;
  expect(running).toBe(false);
});
