import { DeadLetters, type QueuedDeadLetter, type RabbitOptions } from '@mini-nova/messaging';
import { getRabbit, uniqueTopic } from '@mini-nova/testing';
import { expect, vi } from 'vitest';
import { RpcFixture } from '../../../packages/messaging/test/rpc-fixture.ts';
import { RawPeer } from './raw-peer.ts';

/** The kinds of queues that outlive their servers, as ackPolicy `after` needs them. */
export const DURABLE_KINDS: [string, RabbitOptions][] = [
  ['classic', { amqpDurableQueues: true }],
  ['quorum', { rabbitQuorumQueue: true }],
];

/** RPC over durable queues and a durable exchange of its own; `close` deletes them. */
export async function openDurableRpc(rabbit: RabbitOptions) {
  const { url } = await getRabbit();
  const controlExchange = uniqueTopic('durable');
  const rpc = new RpcFixture(url);
  const peer = await RawPeer.connect(url);
  const letters = await DeadLetters.open({ url, topic: rpc.topic, rabbit });
  const close = async (): Promise<void> => {
    await letters.close();
    await rpc.close();
    for (const name of ['', '.host1', '.host2', '_dead_letters'])
      await peer.channel.deleteQueue(rpc.topic + name);
    await peer.channel.deleteExchange(controlExchange);
    await peer.close();
  };
  return { url, controlExchange, rpc, peer, letters, close };
}

/** The dead letters, once there are so many. The broker may take a moment to requeue them after they were listed. */
export function lettersWhen(letters: DeadLetters, count: number): Promise<QueuedDeadLetter[]> {
  return vi.waitFor(async () => {
    const list = await letters.list();
    expect(list).toHaveLength(count);
    return list;
  });
}
