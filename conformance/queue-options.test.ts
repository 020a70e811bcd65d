import { getRabbit } from '@mini-nova/testing';
import { describe, expect, test, vi } from 'vitest';
import { Target } from '../packages/messaging/index.ts';
import { getNotificationListener, Notifier } from '../packages/messaging/notify/index.ts';
import { CTXT } from '../packages/messaging/test/rpc-fixture.ts';
import { RawPeer } from '../test/integration/support/raw-peer.ts';
import { BothEnds } from './support/both-ends.ts';

const OPTIONS = [
  ['quorum queues', { rabbit_quorum_queue: 'true' }, { rabbitQuorumQueue: true }],
  ['durable queues', { amqp_durable_queues: 'true' }, { amqpDurableQueues: true }],
  ['queues that are deleted with their last user', { amqp_auto_delete: 'true' }, { amqpAutoDelete: true }],
  ['gzip compression', { kombu_compression: 'gzip' }, { kombuCompression: 'gzip' }],
  ['prefetch of one', { rabbit_qos_prefetch_count: '1' }, { rabbitQosPrefetchCount: 1 }],
] as const;

/** Without any option, in the process that all tests share. */
const plain = BothEnds.use();

describe.each(OPTIONS)('with %s', (_title, python, ours) => {
  const ends = BothEnds.use({ python, ours, beside: plain });

  test('we call and cast to Python', async () => {
    await ends.servePython();
    const client = ends.client();
    expect(await client.call(CTXT, 'evaluate', { expression: '"🚀" * 1000' })).toBe('🚀'.repeat(1000));
    await client.cast(CTXT, 'note', { value: 'topic' });
    await client.prepare({ server: 'py' }).cast(CTXT, 'note', { value: 'server' });
    await client.prepare({ fanout: true }).cast(CTXT, 'note', { value: 'all' });
    await vi.waitFor(async () => {
      const notes = (await ends.python.notes(ends.target)) as string[];
      expect(notes.toSorted()).toEqual(['all', 'server', 'topic']);
    });
  });

  test('Python calls and casts to us', async () => {
    const notes: unknown[] = [];
    const { target, python } = ends;
    await ends.serve({
      echo: (_ctxt: object, { value }: { value: unknown }) => value,
      note: (_ctxt: object, { value }: { value: unknown }) => void notes.push(value),
    });
    const value = '🚀'.repeat(1000);
    expect(await python.call({ target, method: 'echo', args: { value } })).toBe(value);
    await python.cast({ target, method: 'note', args: { value: 'topic' } });
    await python.cast({ target: { ...target, server: 'ts' }, method: 'note', args: { value: 'server' } });
    await python.cast({ target: { ...target, fanout: true }, method: 'note', args: { value: 'all' } });
    await vi.waitFor(() => expect(notes.toSorted()).toEqual(['all', 'server', 'topic']));
  });

  test('notifications go both ways', async () => {
    const { exchange, topic } = ends.target;
    const events: unknown[] = [];
    const endpoint = {
      info: (_ctxt: object, _publisher: string | null, event: string) => void events.push(event),
    };
    await getNotificationListener(ends.transport(), [new Target({ topic })], [endpoint]).start();
    const theirs = `${topic}-py`;
    await ends.python.listen(topic, { exchange, topics: [theirs], priorities: ['info'] });

    const notifier = new Notifier(ends.transport(), { publisherId: 'ts', topics: [theirs] });
    expect(await notifier.info({}, 'of.ours', {})).toBe(true);
    const notification = {
      driver: 'messagingv2',
      priority: 'info',
      event_type: 'of.theirs',
      payload: {},
    } as const;
    await ends.python.notify({ exchange, topics: [topic], ...notification });
    await vi.waitFor(() => expect(events).toEqual(['of.theirs']));
    await vi.waitFor(async () =>
      expect(await ends.python.notified(topic)).toMatchObject([{ event_type: 'of.ours' }]),
    );
  });
});

describe('when only our end', () => {
  const ends = plain;
  const echo = { evaluate: () => 'ts' };
  const ask = { method: 'evaluate', args: { expression: '"py"' } };
  const askPython = (rabbit: object) => {
    const transport = ends.transport({ rabbit });
    return ends.client({ transport }).prepare({ server: 'py' }).call(CTXT, ask.method, ask.args);
  };
  const pythonAsksUs = () => ends.python.call({ ...ask, target: { ...ends.target, server: 'ts' } });

  test('has quorum queues for replies and fanouts, calls go both ways', async () => {
    const rabbit = { rabbitTransientQuorumQueue: true };
    await ends.serve(echo, { transport: ends.transport({ rabbit }) });
    expect(await pythonAsksUs()).toBe('ts');
    // The fanout exchange of one topic is durable at one end and not at the other: the topics are apart.
    const target = { ...ends.target, topic: `${ends.target.topic}-py` };
    await ends.python.serve({ ...target, server: 'py' });
    const client = ends.client({ transport: ends.transport({ rabbit }), target });
    expect(await client.call(CTXT, ask.method, ask.args)).toBe('py');
  });

  test('has reply and fanout queues with another life time, calls and casts go both ways', async () => {
    const rabbit = { rabbitTransientQueuesTtl: 60 };
    await ends.serve(echo, { transport: ends.transport({ rabbit }) });
    await ends.servePython();
    expect(await pythonAsksUs()).toBe('ts');
    expect(await askPython(rabbit)).toBe('py');
  });

  test('compresses, calls go both ways, and what we send is compressed as Python does it', async () => {
    const rabbit = { kombuCompression: 'gzip' } as const;
    await ends.serve(echo, { transport: ends.transport({ rabbit }) });
    await ends.servePython();
    expect(await pythonAsksUs()).toBe('ts');
    expect(await askPython(rabbit)).toBe('py');

    const { url } = await getRabbit();
    const raw = await RawPeer.connect(url);
    const received = await raw.receive(`${ends.target.topic}.raw`, ends.target.exchange);
    const client = ends.client({ transport: ends.transport({ rabbit }) });
    await client.prepare({ server: 'raw' }).cast(CTXT, 'note', { value: 'x'.repeat(1000) });
    await vi.waitFor(() => expect(received).toHaveLength(1));
    await raw.close();
    expect(received[0]?.properties.headers).toMatchObject({ compression: 'application/x-gzip' });
    expect(received[0]?.content.length).toBeLessThan(500);
  });

  test('wants the shared exchange durable, it accepts the one that Python has made', async () => {
    const rabbit = { amqpDurableQueues: true };
    await ends.servePython();
    await ends.serve(echo, { topic: `${ends.target.topic}-ts`, transport: ends.transport({ rabbit }) });
    expect(await askPython(rabbit)).toBe('py');
    const target = { ...ends.target, topic: `${ends.target.topic}-ts` };
    expect(await ends.python.call({ ...ask, target })).toBe('ts');
  });

  test("wants a Python server's queue durable, the error says what differs", async () => {
    await ends.servePython();
    const transport = ends.transport({ rabbit: { amqpDurableQueues: true } });
    await expect(ends.serve(echo, { transport })).rejects.toMatchObject({
      code: 'TOPOLOGY_MISMATCH',
      kind: 'queue',
      entity: ends.target.topic,
      argument: 'durable',
      wanted: 'true',
      actual: 'false',
    });
  });
});

describe('when only Python compresses', () => {
  const endpoint = { evaluate: () => 'ts' };

  describe('with gzip', () => {
    const ends = BothEnds.use({ python: { kombu_compression: 'gzip' }, beside: plain });

    test('calls go both ways', async () => {
      await ends.serve(endpoint);
      await ends.servePython();
      const ask = { method: 'evaluate', args: { expression: '"py"' } };
      expect(await ends.python.call({ ...ask, target: { ...ends.target, server: 'ts' } })).toBe('ts');
      expect(await ends.client().prepare({ server: 'py' }).call(CTXT, ask.method, ask.args)).toBe('py');
    });
  });

  describe('in a format that is unknown here', () => {
    const ends = BothEnds.use({ python: { kombu_compression: 'bzip2' }, beside: plain });

    test('the message is dropped, and the next is served', async () => {
      await ends.serve(endpoint);
      const call = ends.python.call({ target: ends.target, method: 'evaluate', timeout: 1 });
      await expect(call).rejects.toMatchObject({ type: 'MessagingTimeout' });
      expect(await ends.client().call(CTXT, 'evaluate', {})).toBe('ts');
    });
  });
});
