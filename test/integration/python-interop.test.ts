import { RemoteError, remoteErrors } from '@mini-nova/messaging';
import { type PrivateRabbit, startRabbit, uniqueTopic } from '@mini-nova/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { CTXT, RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';
import { OsloPeer } from './support/oslo-peer.ts';

let broker: PrivateRabbit;

beforeAll(async () => {
  broker = await startRabbit();
});
afterAll(() => broker.close());

const values = [0, '', null, [], {}, [1, { a: [null, true] }], 'Zürich 東京 🚀 "\\', 2 ** 53 - 1, 1.5];

describe('Python and TypeScript call each other', () => {
  let python: OsloPeer;
  let rpc: RpcFixture;
  let target: { exchange: string; topic: string; version: string };

  beforeAll(async () => {
    python = await OsloPeer.start(broker.url);
  });
  afterAll(() => python.close());
  beforeEach(() => {
    rpc = new RpcFixture(broker.url);
    target = { exchange: uniqueTopic('exchange'), topic: rpc.topic, version: '1.0' };
  });
  afterEach(() => rpc.close());

  describe('a Python server', () => {
    beforeEach(() => python.serve({ ...target, server: 'py' }));
    const client = () => rpc.client({ target });

    test('answers calls, with every kind of value and the context', async () => {
      for (const value of values) {
        const ctxt = expect.objectContaining(CTXT);
        expect(await client().call(CTXT, 'echo', { value })).toEqual({ value, ctxt });
      }
      expect(await client().prepare({ server: 'py' }).call(CTXT, 'echo', { value: 1 })).toMatchObject({
        value: 1,
      });
    });

    test('receives casts, to the topic, to the server and to all', async () => {
      await client().cast(CTXT, 'note', { value: 'topic' });
      await client().prepare({ server: 'py' }).cast(CTXT, 'note', { value: 'server' });
      await client().prepare({ fanout: true }).cast(CTXT, 'note', { value: 'all' });
      await vi.waitFor(async () =>
        expect(await python.notes()).toEqual(expect.arrayContaining(['topic', 'server', 'all'])),
      );
    });

    test('raises: its errors arrive as what they are', async () => {
      const raised = client().call(CTXT, 'boom', { message: 'bad thing' });
      await expect(raised).rejects.toBeInstanceOf(RemoteError);
      await expect(raised).rejects.toMatchObject({ excType: 'ValueError', value: 'bad thing' });
      await expect(client().call(CTXT, 'absent', {})).rejects.toMatchObject({ code: 'NO_SUCH_METHOD' });
      const newer = client().prepare({ version: '1.2' });
      await expect(newer.call(CTXT, 'echo', { value: 1 })).rejects.toMatchObject({
        code: 'UNSUPPORTED_VERSION',
      });
    });

    test('keeps a monitored call alive', async () => {
      // Python sends no sign of life more often than every second, which is half the timeout.
      const monitored = client().prepare({ callMonitorTimeout: 2 });
      expect(await monitored.call(CTXT, 'slow', { seconds: 3.5 })).toBe('done');
    });
  });

  describe('a Python client', () => {
    class HostNotFound extends Error {}

    async function serve(): Promise<unknown[]> {
      const notes: unknown[] = [];
      const endpoint = {
        echo: (ctxt: object, { value }: { value: unknown }) => ({ value, ctxt }),
        note: (_ctxt: object, { value }: { value: unknown }) => void notes.push(value),
        boom: (_ctxt: object, { message }: { message: string }) => {
          throw new RangeError(message);
        },
        lost: () => {
          throw new HostNotFound('no such host');
        },
        slow: async () => {
          await new Promise((resolve) => setTimeout(resolve, 2500));
          return 'done';
        },
      };
      const transport = rpc.transport({ controlExchange: target.exchange });
      await rpc.serve(endpoint, { server: 'ts', transport });
      return notes;
    }

    test('gets its answers, with every kind of value and the context', async () => {
      await serve();
      for (const value of values) {
        const answer = await python.call({ target, method: 'echo', args: { value } });
        expect(answer).toEqual({ value, ctxt: { user: 'py' } });
      }
    });

    test('casts to the topic, to the server and to all', async () => {
      const notes = await serve();
      const cast = (to: object, value: string) =>
        python.cast({ target: { ...target, ...to }, method: 'note', args: { value } });
      await cast({}, 'topic');
      await cast({ server: 'ts' }, 'server');
      await cast({ fanout: true }, 'all');
      await vi.waitFor(() => expect(notes.toSorted()).toEqual(['all', 'server', 'topic']));
    });

    test('sees our errors as exceptions: built-in ones, and others by name', async () => {
      await serve();
      remoteErrors.register({ module: 'nova.elsewhere', class: 'HostNotFound', type: HostNotFound });
      const call = (method: string, args: object) => python.call({ target, method, args });
      await expect(call('boom', { message: 'bad thing' })).rejects.toMatchObject({
        type: expect.stringMatching(/^ValueError/),
        message: expect.stringContaining('bad thing'),
      });
      await expect(call('lost', {})).rejects.toMatchObject({
        type: 'RemoteError',
        message: expect.stringContaining('HostNotFound no such host'),
      });
      await expect(call('absent', {})).rejects.toMatchObject({
        type: 'RemoteError',
        message: expect.stringContaining('NoSuchMethod Endpoint does not support RPC method absent'),
      });
    });

    test('monitors a call', async () => {
      await serve();
      const args = {};
      expect(await python.call({ target, method: 'slow', args, timeout: 20, call_monitor_timeout: 1 })).toBe(
        'done',
      );
    });
  });
});

describe('exchanges, queues and bindings are those of oslo.messaging', () => {
  /** A virtual host of one's own: its URL, and what it holds. */
  async function virtualHost(): Promise<{ url: string; topology(): Promise<string[]> }> {
    const name = uniqueTopic('vhost');
    await broker.rabbitmqctl('add_vhost', name);
    await broker.rabbitmqctl('set_permissions', '-p', name, 'guest', '.*', '.*', '.*');
    const list = async (what: string, ...columns: string[]): Promise<string[]> => {
      const table = await broker.rabbitmqctl('--silent', what, '-p', name, ...columns);
      return table.split('\n').map((row) => `${what} ${row.replace(/[0-9a-f]{32}/g, 'ID')}`);
    };
    const topology = async (): Promise<string[]> => {
      const exchanges = await list('list_exchanges', 'name', 'type', 'durable', 'auto_delete', 'arguments');
      const queues = await list(
        'list_queues',
        'name',
        'durable',
        'auto_delete',
        'exclusive',
        'arguments',
        'type',
      );
      const bindings = await list(
        'list_bindings',
        'source_name',
        'destination_name',
        'routing_key',
        'arguments',
      );
      return [...exchanges, ...queues, ...bindings].sort();
    };
    return { url: broker.url + name, topology };
  }

  test.each([
    ['by default', {}, {}],
    [
      'durable, and of another life time',
      { amqp_durable_queues: 'true', rabbit_transient_queues_ttl: '60' },
      { amqpDurableQueues: true, rabbitTransientQueuesTtl: 60 },
    ],
    ['auto-delete', { amqp_auto_delete: 'true' }, { amqpAutoDelete: true }],
    ['quorum queues', { rabbit_quorum_queue: 'true' }, { rabbitQuorumQueue: true }],
  ])('%s', async (_what, theirOptions, ourOptions) => {
    const [theirs, ours] = [await virtualHost(), await virtualHost()];

    const python = await OsloPeer.start(theirs.url, theirOptions);
    const target = { exchange: 'nova', topic: 'compute', version: '1.0' };
    await python.serve({ ...target, server: 'host1' });
    await python.call({ target, method: 'echo', args: { value: 1 } });

    const rpc = new RpcFixture(ours.url);
    const transport = rpc.transport({ controlExchange: 'nova', rabbit: ourOptions });
    await rpc.serve({ echo: () => 1 }, { topic: 'compute', server: 'host1', transport });
    await rpc.client({ transport, target: { topic: 'compute' } }).call(CTXT, 'echo', {});

    const expected = await theirs.topology();
    expect(expected.filter((row) => /compute|reply_ID/.test(row))).toHaveLength(12);
    expect(await ours.topology()).toEqual(expected);
    await rpc.close();
    await python.close();
  });
});
