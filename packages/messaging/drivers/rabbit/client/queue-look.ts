import type { Channel, ChannelModel } from 'amqplib';
import { amqpCode, NOT_FOUND } from '../connection/amqp-error.ts';

/** What a queue holds. */
export interface QueueLook {
  /** Ready to be delivered. */
  messages: number;
  consumers: number;
}

/**
 * Looks at a queue and changes nothing; undefined when there is none of that name. On a channel of its own, which the
 * broker closes over a queue that is missing.
 *
 * The answer comes behind all that the broker had sent over this connection before.
 *
 * @throws Error when the connection is lost
 */
export async function lookAtQueue(model: ChannelModel, name: string): Promise<QueueLook | undefined> {
  const channel = await model.createChannel();
  // What closes the channel is told by the call that it fails.
  channel.on('error', () => {});
  let look: QueueLook | undefined;
  try {
    const { messageCount, consumerCount } = await channel.checkQueue(name);
    look = { messages: messageCount, consumers: consumerCount };
  } catch (error) {
    if (amqpCode(error) !== NOT_FOUND) throw error;
    return undefined;
  }
  close(channel);
  return look;
}

function close(channel: Channel): void {
  // It fails when the connection is lost, and the channel with it.
  channel.close().catch(() => {});
}
