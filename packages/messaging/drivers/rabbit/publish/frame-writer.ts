import { Socket } from 'node:net';
import type { Channel, Connection, Options } from 'amqplib';
import type { Logger } from '../../../logger.ts';
import {
  FRAME_END,
  FRAME_HEAD_SIZE,
  FRAME_OVERHEAD,
  headerFrameSize,
  publishFrame,
  writeBodyFrameHead,
  writeHeaderFrame,
} from './frames.ts';

/** Bytes that messages share: a slab is written front to back, and again from its front once the system has all of it. */
const SLAB_SIZE = 256 * 1024;
/** Bytes above which a body is sent from where it is instead of being copied. */
const LARGE_BODY = 16 * 1024;
/** Bytes that are handed to the socket without waiting for the end of the event loop's turn. */
const FLUSH_SIZE = 64 * 1024;
/** Bytes in the socket's buffer above which nothing more is written until they have gone. */
const SOCKET_LIMIT = 256 * 1024;
/** How many routes are remembered: reply queues come and go. */
const ROUTE_LIMIT = 1_000;

/** The writers of a connection that have messages to hand over, in the order in which they got the first. */
const waiting = new WeakMap<Socket, Set<FrameWriter>>();

/** Of these the log was told that nothing can be written here. */
const slowConnections = new WeakSet<Connection>();

/**
 * Writes the messages of one channel to its connection's socket: all of one turn of the event loop in one piece.
 *
 * The AMQP library does this message by message, through two streams, with several copies: half of what a call
 * costs. It still does everything else on the channel. What the writers of a connection write is in order, and comes ahead
 * of the library's own frames of the same turn.
 */
export class FrameWriter {
  readonly #channel: number;
  readonly #socket: Socket;
  readonly #maxBody: number;
  readonly #onDrain: () => void;
  readonly #waiting: Set<FrameWriter>;
  readonly #publishFrames = new Map<string, Buffer>();
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB_SIZE);
  /** Where in the slab the next message goes, and from where on it is not sent. */
  #end = 0;
  #start = 0;
  #scheduled = false;
  #full = false;

  /**
   * The writer of a channel. Undefined, with one log line for each connection, when the library's channel is not made as
   * this class knows it: its own way of publishing is slower, not wrong.
   */
  static of(channel: Channel, onDrain: () => void, logger: Logger): FrameWriter | undefined {
    const { connection } = channel;
    const number = 'ch' in channel ? channel.ch : undefined;
    const socket = 'stream' in connection ? connection.stream : undefined;
    const frameMax = 'frameMax' in connection ? connection.frameMax : undefined;
    if (typeof number === 'number' && socket instanceof Socket && typeof frameMax === 'number') {
      const writer = new FrameWriter(number, socket, frameMax, onDrain);
      channel.once('close', writer.discard);
      return writer;
    }
    if (!slowConnections.has(connection)) {
      logger.warn(
        {},
        'This amqplib is not made as the one known here: messages are published its own, slower way',
      );
    }
    slowConnections.add(connection);
    return undefined;
  }

  constructor(channel: number, socket: Socket, frameMax: number, onDrain: () => void) {
    this.#channel = channel;
    this.#socket = socket;
    this.#maxBody = frameMax - FRAME_OVERHEAD;
    this.#onDrain = onDrain;
    this.#waiting = waiting.get(socket) ?? new Set();
    waiting.set(socket, this.#waiting);
  }

  /**
   * Writes one message.
   *
   * @returns false when the socket's buffer is full: `onDrain` is called when it has emptied
   * @throws RangeError, TypeError when a name or property cannot be sent: nothing was written
   */
  publish(exchange: string, routingKey: string, body: Buffer, options: Options.Publish): boolean {
    const head = this.#publishFrame(exchange, routingKey, options.mandatory === true);
    const headSize = head.length + headerFrameSize(options);
    const large = body.length > LARGE_BODY || body.length > this.#maxBody;
    this.#makeRoom(large ? headSize : headSize + body.length + FRAME_OVERHEAD);
    let at = this.#end + head.copy(this.#slab, this.#end);
    at = writeHeaderFrame(this.#slab, at, this.#channel, body.length, options);
    if (!large && body.length > 0) {
      at = writeBodyFrameHead(this.#slab, at, this.#channel, body.length);
      at += body.copy(this.#slab, at);
      at = this.#slab.writeUInt8(FRAME_END, at);
    }
    this.#end = at;
    if (large) this.#writeLarge(body);
    else this.#schedule();
    return !this.#full;
  }

  /** Hands to the socket what was written, here and before it by the connection's other writers. */
  readonly flush = (): void => {
    this.#scheduled = false;
    for (const writer of this.#waiting) writer.#hand();
    this.#hand();
  };

  #hand(): void {
    this.#waiting.delete(this);
    if (this.#end === this.#start) return;
    const bytes = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#send(bytes);
    if (this.#socket.writableLength === 0) this.#rewind();
  }

  /** Once the channel has closed, the broker takes what comes for it as a fault of the whole connection. */
  readonly discard = (): void => {
    this.#start = this.#end;
  };

  #publishFrame(exchange: string, routingKey: string, mandatory: boolean): Buffer {
    const key = mandatory ? `m${exchange}\0${routingKey}` : `o${exchange}\0${routingKey}`;
    let frame = this.#publishFrames.get(key);
    if (frame === undefined) {
      frame = publishFrame(this.#channel, exchange, routingKey, mandatory);
      if (this.#publishFrames.size >= ROUTE_LIMIT) this.#publishFrames.clear();
      this.#publishFrames.set(key, frame);
    }
    return frame;
  }

  #makeRoom(size: number): void {
    if (this.#end + size <= this.#slab.length) return;
    this.flush();
    if (this.#end + size <= this.#slab.length) return;
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_SIZE, size));
    this.#rewind();
  }

  #rewind(): void {
    this.#start = 0;
    this.#end = 0;
  }

  #schedule(): void {
    this.#waiting.add(this);
    if (this.#end - this.#start >= FLUSH_SIZE) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(this.flush);
    }
  }

  /** With one system call, as far as the system takes it. */
  #writeLarge(body: Buffer): void {
    this.#socket.cork();
    for (let from = 0; from < body.length; from += this.#maxBody) {
      const part = body.subarray(from, from + this.#maxBody);
      this.#makeRoom(FRAME_HEAD_SIZE);
      this.#end = writeBodyFrameHead(this.#slab, this.#end, this.#channel, part.length);
      this.flush();
      this.#send(part);
      this.#makeRoom(1);
      this.#end = this.#slab.writeUInt8(FRAME_END, this.#end);
    }
    this.flush();
    this.#socket.uncork();
  }

  #send(bytes: Buffer): void {
    // A connection that has ended meanwhile takes nothing more; its publisher starts over on the next one.
    if (!this.#socket.writable) return;
    const accepted = this.#socket.write(bytes);
    if (accepted || this.#full || this.#socket.writableLength < SOCKET_LIMIT) return;
    this.#full = true;
    this.#socket.once('drain', () => {
      this.#full = false;
      this.#onDrain();
    });
  }
}
