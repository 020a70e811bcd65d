import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { type Channel, type ConsumeMessage, IllegalOperationError, type Message } from 'amqplib';
import { UnsupportedRpcEnvelopeVersion } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import type { QueueSpec } from '../topology/topology.ts';
import { isCompressed, unpackedBody } from '../wire/compression.ts';
import { MalformedMessage } from '../wire/wire-message.ts';

/** A queue that one channel consumes. */
export interface ConsumedQueue {
  readonly spec: QueueSpec;
  /** Under which the broker delivers; undefined until it does. */
  consumerTag?: string;
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

/** The library reads nothing of it but the tag. */
const MESSAGE: Message = Object.freeze({
  content: Buffer.alloc(0),
  fields: { deliveryTag: 0, redelivered: false, exchange: '', routingKey: '' },
  properties: Object.create(null),
});

/** Acknowledges one message, or all up to it. False when the channel is closed: they will be delivered again. */
export function acknowledge(channel: Channel, deliveryTag: number, allUpTo = false): boolean {
  try {
    channel.ack({ ...MESSAGE, fields: { ...MESSAGE.fields, deliveryTag } }, allUpTo);
    return true;
  } catch (error) {
    if (error instanceof IllegalOperationError) return false;
    throw error;
  }
}

/** On a channel that is closed, nothing comes of it: the broker delivers the message again. */
export function acknowledgeDelivery({ channel, message, queue }: Delivery): void {
  queue.unacknowledged -= 1;
  acknowledge(channel, message.fields.deliveryTag);
}

/** By which the frames of a channel that wait for the end of the turn are sent at once. */
const senders = new WeakMap<Channel, () => boolean>();

/**
 * Has what the library writes to the channel sent with one system call at the end of the event loop's turn, or at once by
 * `sendNow`, and in its order: else it goes through two streams and a further turn. False when the library's channel is
 * not made as this function knows it, and goes on in its own way.
 */
export function shortenWay(channel: Channel): boolean {
  const { connection } = channel;
  const socket = 'stream' in connection ? connection.stream : undefined;
  const channels = 'channels' in connection ? connection.channels : undefined;
  const way: unknown =
    'ch' in channel && Array.isArray(channels) ? channels[Number(channel.ch)]?.buffer : undefined;
  if (!(socket instanceof Socket && way instanceof PassThrough)) return false;
  let frames: Buffer[] = [];
  const send = (): boolean => {
    const written = frames;
    frames = [];
    if (!socket.writable) return false;
    if (written.length > 0) socket.write(Buffer.concat(written));
    return true;
  };
  way.write = (frame: Buffer): boolean => {
    if (frames.push(frame) === 1) setImmediate(send);
    return true;
  };
  senders.set(channel, send);
  return true;
}

/** Sends what was written to a channel whose way is short. False: its connection takes nothing any more, and it is lost. */
export function sendNow(channel: Channel): boolean {
  return senders.get(channel)?.() ?? true;
}

/** Decodes a delivered body; one that cannot be read is dropped with one log line, and gives undefined. */
export function openOrLog<T>(decode: (body: Buffer) => T, delivery: Delivery, logger: Logger): T | undefined {
  try {
    return decode(bodyOf(delivery));
  } catch (error) {
    if (!(error instanceof MalformedMessage) && !(error instanceof UnsupportedRpcEnvelopeVersion))
      throw error;
    const { queue, message } = delivery;
    logger.warn(
      { queue: queue.spec.name, size: message.content.length, reason: error.message },
      'message dropped: it cannot be read',
    );
    return undefined;
  }
}

const isPacked = ({ message }: Delivery): boolean => isCompressed(message.properties.headers);
const THERE_IS_ROOM = async (): Promise<void> => {};

/** Unpacks compressed messages off the event loop. Those behind them wait: all are handed over in order. */
export class Unpacking {
  readonly #handOver: (batch: Delivery[]) => void;
  readonly #room: () => Promise<void>;
  #waiting: Delivery[][] = [];
  #working: Promise<void> | undefined;

  /** @param room resolves when another message may be unpacked */
  constructor(handOver: (batch: Delivery[]) => void, room = THERE_IS_ROOM) {
    this.#handOver = handOver;
    this.#room = room;
  }

  /** Whether it sees to the batch: else there is nothing to unpack, and nothing to wait for. */
  takes(batch: Delivery[]): boolean {
    if (this.#working === undefined && !batch.some(isPacked)) return false;
    this.#waiting.push(batch);
    this.#working ??= this.#work();
    return true;
  }

  /** Resolves when all that was taken is handed over, or forgotten. */
  async done(): Promise<void> {
    await this.#working;
  }

  /** Its channel has gone: none of its messages is handed over. */
  forget(): void {
    this.#waiting = [];
  }

  async #work(): Promise<void> {
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      await this.#unpack(batch);
      // It may have been forgotten meanwhile.
      if (this.#waiting[0] !== batch) continue;
      this.#waiting.shift();
      this.#handOver(batch);
    }
    this.#working = undefined;
  }

  async #unpack(batch: readonly Delivery[]): Promise<void> {
    for (const delivery of batch) {
      if (!isPacked(delivery)) continue;
      await this.#room();
      if (this.#waiting[0] !== batch) return;
      const { content, properties } = delivery.message;
      delivery.unpacked = await unpackedBody(content, properties.headers);
    }
  }
}
