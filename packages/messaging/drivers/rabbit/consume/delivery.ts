import type { Channel, ConsumeMessage } from 'amqplib';
import type { QueueSpec } from '../topology/topology.ts';

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
}
