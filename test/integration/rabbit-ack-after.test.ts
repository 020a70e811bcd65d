import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetters, RpcRequest } from '@mini-nova/messaging';
import { Child, repositoryRoot, uniqueTopic } from '@mini-nova/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RecordingLogger } from '../../packages/messaging/test/recording-logger.ts';
import { CTXT, Gate, type RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';
import { DURABLE_KINDS, lettersWhen, openDurableRpc } from './support/durable-rpc.ts';
import { type RawPeer, sealed } from './support/raw-peer.ts';

/** An endpoint that fails a given number of times before it succeeds. */
function failing(times: number) {
  const endpoint = {
    attempts: [] as number[],
    at: [] as number[],
    work(_ctxt: object, _args: object, { attempt }: { attempt: number }) {
      endpoint.attempts.push(attempt);
      endpoint.at.push(performance.now());
      if (endpoint.attempts.length <= times) throw new Error('it fails');
      return 'done';
    },
  };
  return endpoint;
}

describe.each(DURABLE_KINDS)('acknowledging after success, with %s queues', (_kind, rabbit) => {
  let url: string;
  let rpc: RpcFixture;
  let peer: RawPeer;
  let controlExchange: string;
  let letters: DeadLetters;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ url, rpc, peer, letters, controlExchange, close } = await openDurableRpc(rabbit));
  });
  afterEach(() => close());

  const logger = new RecordingLogger();
  const transport = () => rpc.transport({ rabbit, controlExchange, logger });
  const serve = (endpoint: object, options: object = {}) =>
    rpc.serve(endpoint, { transport: transport(), ackPolicy: 'after', deliveryLimit: 3, ...options });
  const client = () => rpc.client({ transport: transport() });
  const ready = async () => (await peer.channel.checkQueue(rpc.topic)).messageCount;

  test('a cast that fails is tried again, later each time, until it succeeds', async () => {
    const endpoint = failing(2);
    await serve(endpoint);
    await client().cast(CTXT, 'work', {});
    await vi.waitFor(() => expect(endpoint.attempts).toEqual([1, 2, 3]));
    const [first = 0, second = 0, third = 0] = endpoint.at;
    expect(second - first).toBeGreaterThan(90);
    expect(third - second).toBeGreaterThan(190);
    expect(await letters.list()).toEqual([]);
  });

  test('a cast that always fails becomes a dead letter, and delays nobody', async () => {
    const endpoint = { ...failing(Infinity), echo: (_ctxt: object, { value }: { value: unknown }) => value };
    await serve(endpoint);
    const caller = client();
    await caller.prepare({ version: '1.0' }).cast(CTXT, 'work', { value: 7 });
    await caller.prepare({ fanout: true }).cast(CTXT, 'work', {});
    for (let value = 0; value < 50; value += 1) {
      expect(await caller.call(CTXT, 'echo', { value })).toBe(value);
    }
    const dead = await lettersWhen(letters, 2);
    expect(endpoint.attempts.sort()).toEqual([1, 1, 2, 2, 3, 3]);
    const own = `${rpc.topic}.host1`;
    const inOrder = dead.sort((a, b) => a.routingKey.localeCompare(b.routingKey));
    expect(inOrder).toMatchObject([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        method: 'work',
        args: { value: 7 },
        ctxt: CTXT,
        reason: 'it fails',
        attempts: 3,
        exchange: controlExchange,
        routingKey: rpc.topic,
        diedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
      // A fanout failed on this server, and perhaps only here.
      { routingKey: own },
    ]);
  });

  test('a call that fails gets its error, and runs once', async () => {
    const endpoint = failing(Infinity);
    await serve(endpoint);
    await expect(client().call(CTXT, 'work', {})).rejects.toThrow('it fails');
    await expect(client().call(CTXT, 'none', {})).rejects.toMatchObject({ code: 'NO_SUCH_METHOD' });
    expect(endpoint.attempts).toEqual([1]);
    expect(await letters.list()).toEqual([]);
    expect(await ready()).toBe(0);
  });

  test('dead letters are replayed as new, each once, or deleted', async () => {
    const broken = failing(Infinity);
    const server = await serve(broken, { deliveryLimit: 1 });
    for (let value = 0; value < 4; value += 1) await client().cast(CTXT, 'work', { value });
    const [a = '', b = '', c = ''] = (await lettersWhen(letters, 4)).map(({ id }) => id);
    expect(await letters.delete([a, 'other'])).toEqual({ count: 1, missing: ['other'] });
    expect(await letters.replay([b])).toEqual({ count: 1, missing: [] });
    // To the server that failed it.
    await vi.waitFor(() => expect(broken.attempts).toHaveLength(5));
    expect((await lettersWhen(letters, 3)).map(({ id }) => id)).toContain(c);
    await vi.waitFor(async () => expect(await letters.list(1)).toHaveLength(1));
    await server.stop();
    const mended = failing(0);
    await serve(mended, { server: 'host2' });
    expect(await letters.replay('all')).toEqual({ count: 3, missing: [] });
    await vi.waitFor(() => expect(mended.attempts).toEqual([1, 1, 1]));
    expect(await letters.list()).toEqual([]);
  });

  test('dead letters whose exchange is gone stay, when they are to be replayed', async () => {
    const server = await serve(failing(Infinity), { deliveryLimit: 1 });
    await client().cast(CTXT, 'work', {});
    await lettersWhen(letters, 1);
    // The server would declare the exchange again.
    await server.stop();
    await peer.channel.deleteExchange(controlExchange);
    await expect(letters.replay('all')).rejects.toMatchObject({ code: 'MESSAGE_UNDELIVERABLE' });
    await lettersWhen(letters, 1);
  });

  test('a failing cast with more headers than can be sent again loses those, and delays nobody', async () => {
    await serve(failing(0), { prefetch: 1, deliveryLimit: 2 });
    const large = { headers: { 'x-of-its-sender': 'x'.repeat(65_500) }, contentType: 'application/json' };
    const body = sealed({ method: 'missing', args: {}, _unique_id: uniqueTopic('id') });
    peer.channel.sendToQueue(rpc.topic, Buffer.from(body), large);
    await vi.waitFor(async () =>
      expect(await letters.list()).toMatchObject([{ method: 'missing', attempts: 2 }]),
    );
    expect(await client().call(CTXT, 'work', {})).toBe('done');
    await client().cast(CTXT, 'missing', {});
    await vi.waitFor(async () => expect(await letters.list()).toHaveLength(2));
    expect(await letters.delete('all')).toEqual({ count: 2, missing: [] });
  });

  test('a call that was delivered again while it runs can be cancelled', async () => {
    const controller = new AbortController();
    const reasons: unknown[] = [];
    const started = new Gate();
    const endpoint = {
      async work(_ctxt: object, _args: object, { signal }: RpcRequest) {
        started.open();
        await once(signal, 'abort');
        reasons.push(signal.reason);
      },
      quick: () => 'there',
    };
    await serve(endpoint, { prefetch: 1 });
    const options = { signal: controller.signal, callMonitorTimeout: 1 };
    const call = client().prepare(options).call(CTXT, 'work', {});
    call.catch(() => undefined);
    await started.opened;
    // Until a sign of life has told the caller which server to notify.
    await sleep(1000);
    // The channel is made anew, with this queue after the one that delivers the call once more.
    await peer.channel.deleteQueue(`${rpc.topic}.host1`);
    await client().prepare({ server: 'host1' }).cast(CTXT, 'quick', {});
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'CALL_CANCELLED' });
    await vi.waitFor(() => expect(reasons).toMatchObject([{ code: 'CALL_CANCELLED' }]));
  });

  test('a request whose channel is lost while it runs is not run again, and acknowledged', async () => {
    const finish = new Gate();
    const runs: unknown[] = [];
    const endpoint = {
      async work(_ctxt: object, { value }: { value: unknown }) {
        runs.push(value);
        await finish.opened;
      },
    };
    const server = await serve(endpoint);
    await client().cast(CTXT, 'work', { value: 1 });
    await vi.waitFor(() => expect(runs).toEqual([1]));
    // The broker cancels the consumer, and the channel is made anew.
    await peer.channel.deleteQueue(`${rpc.topic}.host1`);
    await vi.waitFor(async () => {
      await client().prepare({ server: 'host1' }).cast(CTXT, 'work', { value: 2 });
      expect(runs).toContain(2);
    });
    finish.open();
    await server.wait();
    await server.stop();
    expect(runs.filter((value) => value === 1)).toEqual([1]);
    await vi.waitFor(async () => expect(await ready()).toBe(0));
  });

  test('a server that stops acknowledges what it has run, and gives back the rest', async () => {
    const finish = new Gate();
    const runs: unknown[] = [];
    const endpoint = {
      async work(_ctxt: object, { value }: { value: unknown }) {
        runs.push(value);
        await finish.opened;
      },
    };
    const server = await serve(endpoint, { prefetch: 1 });
    for (const value of [1, 2]) await client().cast(CTXT, 'work', { value });
    await vi.waitFor(() => expect(runs).toEqual([1]));
    await server.stop();
    finish.open();
    await server.wait();
    await vi.waitFor(async () => expect(await ready()).toBe(1));
  });

  test('a cast that kills its server each time is run as often as the limit says', async () => {
    await serve({ other: () => {} }, { server: 'host2' }).then((server) => server.stop());
    await client().cast(CTXT, 'die', { value: 'poison' });
    const runs: string[] = [];
    const options = { url, topic: rpc.topic, server: 'host1', rabbit, controlExchange };
    const serving = { ackPolicy: 'after', deliveryLimit: 3 };
    const script = `${repositoryRoot}/test/integration/support/worker.mjs`;
    for (let process = 0; process < 4; process += 1) {
      const child = await Child.start('node', [script, JSON.stringify({ ...options, serving })]);
      const letter = vi.waitFor(async () => expect(await letters.list()).toHaveLength(1));
      letter.catch(() => {});
      await Promise.race([child.ended, letter]);
      await child.stop('SIGKILL');
      runs.push(...(child.stdout.match(/^runs .*$/gm) ?? []));
    }
    expect(runs).toEqual(['runs poison 1', 'runs poison 2', 'runs poison 3']);
    // An earlier listing that has not ended may hold the letter at this moment.
    await vi.waitFor(async () =>
      expect(await letters.list()).toMatchObject([{ method: 'die', attempts: 4 }]),
    );
  });
});
