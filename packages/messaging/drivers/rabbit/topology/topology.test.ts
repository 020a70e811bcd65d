import { describe, expect, test } from 'vitest';
import { rabbitSettings } from '../rabbit-options.ts';
import { Topology } from './topology.ts';

const transient = { 'x-expires': 1_800_000 };
const quorum = { 'x-queue-type': 'quorum' };

describe('by default', () => {
  const topology = new Topology(rabbitSettings());

  test('a topic queue is bound to the control exchange by its own name', () => {
    expect(topology.topicQueue('nova', 'compute.host1')).toEqual({
      name: 'compute.host1',
      durable: false,
      autoDelete: false,
      arguments: {},
      binding: {
        exchange: { name: 'nova', type: 'topic', durable: false, autoDelete: false },
        key: 'compute.host1',
      },
      transient: false,
    });
  });

  test('a fanout queue expires, and its exchange goes with the last queue', () => {
    expect(topology.fanoutQueue('compute', 'id')).toEqual({
      name: 'compute_fanout_id',
      durable: false,
      autoDelete: false,
      arguments: transient,
      binding: {
        exchange: { name: 'compute_fanout', type: 'fanout', durable: false, autoDelete: true },
        key: 'compute',
      },
      transient: true,
    });
  });

  test('a reply queue expires and is bound to nothing', () => {
    expect(topology.replyQueue('id')).toEqual({
      name: 'reply_id',
      durable: false,
      autoDelete: false,
      arguments: transient,
      transient: true,
    });
  });
});

describe('by option', () => {
  test('amqpDurableQueues makes topic exchanges and queues durable, not fanouts and replies', () => {
    const topology = new Topology(rabbitSettings({ amqpDurableQueues: true }));
    const queue = topology.topicQueue('nova', 't');
    expect([queue.durable, queue.binding?.exchange.durable]).toEqual([true, true]);
    expect([topology.fanoutExchange('t').durable, topology.replyQueue('r').durable]).toEqual([false, false]);
  });

  test('amqpAutoDelete makes topic exchanges and queues auto-delete', () => {
    const queue = new Topology(rabbitSettings({ amqpAutoDelete: true })).topicQueue('nova', 't');
    expect([queue.autoDelete, queue.binding?.exchange.autoDelete]).toEqual([true, true]);
  });

  test('rabbitQuorumQueue makes topic queues quorum queues and all of them durable', () => {
    const topology = new Topology(rabbitSettings({ rabbitQuorumQueue: true }));
    const queue = topology.topicQueue('nova', 't');
    expect(queue).toMatchObject({
      durable: true,
      arguments: quorum,
      binding: { exchange: { durable: true } },
    });
    expect(topology.fanoutQueue('t', 'id')).toMatchObject({ durable: false, arguments: transient });
  });

  test('rabbitTransientQuorumQueue does so with fanouts and replies', () => {
    const topology = new Topology(
      rabbitSettings({ rabbitTransientQuorumQueue: true, rabbitTransientQueuesTtl: 60 }),
    );
    const args = { ...quorum, 'x-expires': 60_000 };
    expect(topology.replyQueue('id')).toMatchObject({ durable: true, arguments: args });
    expect(topology.fanoutQueue('t', 'id')).toMatchObject({ durable: true, arguments: args });
    expect(topology.fanoutExchange('t').durable).toBe(true);
    expect(topology.topicQueue('nova', 't')).toMatchObject({ durable: false, arguments: {} });
  });

  test('the limits of quorum queues are sent, where they are not 0, for all quorum queues and no others', () => {
    const options = {
      rabbitQuorumQueue: true,
      rabbitQuorumDeliveryLimit: 7,
      rabbitQuorumMaxMemoryLength: 100,
      rabbitQuorumMaxMemoryBytes: 1000,
    };
    const topology = new Topology(rabbitSettings(options));
    expect(topology.topicQueue('nova', 't').arguments).toEqual({
      ...quorum,
      'x-delivery-limit': 7,
      'x-max-in-memory-length': 100,
      'x-max-in-memory-bytes': 1000,
    });
    expect(topology.replyQueue('id').arguments).toEqual(transient);
    // The broker must not drop those.
    expect(topology.deadLetterQueue('t')).toMatchObject({
      name: 't_dead_letters',
      durable: true,
      arguments: quorum,
    });
  });
});
