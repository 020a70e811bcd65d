import { randomUUID } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { rpcTest } from '../../test/behaviour/rpc-test.ts';
import { CTXT, Gate, RpcFixture } from '../../test/rpc-fixture.ts';
import { describeTransport } from '../../test/transport-behaviour.ts';

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
  const client = rpc.client();
  await expect(client.prepare({ timeout: 0.05 }).call(CTXT, 'run', { n: 1 })).rejects.toMatchObject({
    code: 'MESSAGING_TIMEOUT',
  });
  const later = client.call(CTXT, 'run', { n: 2 });
  await rpc.serve({ run: (_ctxt: object, { n }: { n: number }) => void runs.push(n) });
  await later;
  expect(runs).toEqual([2]);
});

rpcTest('a queue without a server takes no more than 10,000 messages', newBus, async (rpc) => {
  const client = rpc.client();
  for (let count = 0; count < 10_000; count += 1) await client.cast(CTXT, 'note', {});
  await expect(client.cast(CTXT, 'note', {})).rejects.toMatchObject({ code: 'MESSAGE_DELIVERY_FAILURE' });
  await expect(client.call(CTXT, 'note', {})).rejects.toMatchObject({ code: 'MESSAGE_DELIVERY_FAILURE' });
  await client.prepare({ server: 'host1' }).cast(CTXT, 'note', {});
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

test('buses of different names know nothing of each other', async () => {
  const [here, there] = [new RpcFixture(newBus()), new RpcFixture(newBus())];
  await here.serve({ name: () => 'here' });
  const transport = there.transport();
  const client = here.client({ transport });
  await expect(client.prepare({ timeout: 0.05 }).call(CTXT, 'name', {})).rejects.toMatchObject({
    code: 'MESSAGING_TIMEOUT',
  });
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

rpcTest('timers and sockets have their turn while servers are busy', newBus, async (rpc) => {
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
