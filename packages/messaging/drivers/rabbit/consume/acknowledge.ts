import { type Channel, IllegalOperationError, type Message } from 'amqplib';

/** The library reads nothing of it but the tag. */
const MESSAGE: Message = Object.freeze({
  content: Buffer.alloc(0),
  fields: { deliveryTag: 0, redelivered: false, exchange: '', routingKey: '' },
  properties: Object.create(null),
});

/**
 * Acknowledges one message, or all of its channel up to it. False when the channel is closed: the broker will
 * deliver them again.
 */
export function acknowledge(channel: Channel, deliveryTag: number, allUpTo = false): boolean {
  try {
    channel.ack({ ...MESSAGE, fields: { ...MESSAGE.fields, deliveryTag } }, allUpTo);
    return true;
  } catch (error) {
    if (error instanceof IllegalOperationError) return false;
    throw error;
  }
}
