import type { Channel, ConsumeMessage } from 'amqplib';
import type { QueueSpec } from '../topology/topology.ts';
import type { MalformedMessage } from '../wire/envelope.ts';

/** A queue that one channel consumes. */
export interface ConsumedQueue {
  readonly spec: QueueSpec;
  /** How many messages have come from it on this channel. */
  received: number;
  /** How many of them are not acknowledged. */
  unacknowledged: number;
}

/** One message, on the channel that must acknowledge it. */
export interface Delivery {
  readonly channel: Channel;
  readonly message: ConsumeMessage;
  readonly queue: ConsumedQueue;
  /** The body of one that came compressed, or why it cannot be unpacked. */
  unpacked?: Buffer | MalformedMessage;
}

/** The body as it is to be read. @throws MalformedMessage when it cannot be unpacked */
export function bodyOf({ message, unpacked }: Delivery): Buffer {
  if (unpacked === undefined) return message.content;
  if (unpacked instanceof Error) throw unpacked;
  return unpacked;
}
