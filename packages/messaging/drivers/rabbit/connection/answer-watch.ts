import { Socket } from 'node:net';
import type { Channel, ChannelModel } from 'amqplib';

/** How long (ms) the broker may take to answer one request. */
const ANSWER_TIMEOUT = 30_000;
/**
 * On a connection that carries this much (bytes) meanwhile, the answer may be behind it on a slow network: it is then
 * given so many times as long.
 */
const BULK = 1024 * 1024;
const BULK_FACTOR = 10;
/** Milliseconds after a busy period of this process in which an answer that has come is read. */
const GRACE = 100;

/**
 * Notices when the broker does not answer a request on some channel of a connection: the heartbeat only tells that the
 * connection works. A broker that is short of memory or disk space blocks a connection, reads nothing from it, and answers
 * nothing that it is asked there: that time does not count.
 */
export class AnswerWatch {
  readonly #timeout: number;
  readonly #onSilent: (error: Error) => void;
  readonly #carried: () => number;
  #blocked = false;
  /** When (by performance.now) the broker last ended a blocking. */
  #unblockedAt = 0;
  #ended = false;

  /** `timeout` (ms): how long the broker may take. */
  constructor(model: ChannelModel, onSilent: (error: Error) => void, timeout = ANSWER_TIMEOUT) {
    this.#timeout = timeout;
    this.#onSilent = onSilent;
    const { connection } = model;
    // The library's own field, used only if it is what it seems to be.
    const socket =
      'stream' in connection && connection.stream instanceof Socket ? connection.stream : undefined;
    this.#carried = () => (socket === undefined ? 0 : socket.bytesRead + socket.bytesWritten);
    model.on('blocked', () => {
      this.#blocked = true;
    });
    model.on('unblocked', () => {
      this.#blocked = false;
      this.#unblockedAt = performance.now();
    });
    this.#watchChannelsOf(model);
  }

  /** The connection has ended. */
  end(): void {
    this.#ended = true;
  }

  /** Passes the answer on. `timeout`: so many ms whatever else the connection carries, instead of the usual ones. */
  async watch<T>(about: string, answer: Promise<T>, timeout?: number): Promise<T> {
    const answered = this.#expect(about, timeout);
    try {
      return await answer;
    } finally {
      answered();
    }
  }

  #watchChannelsOf(model: ChannelModel): void {
    const { createChannel, createConfirmChannel } = model;
    model.createChannel = async (options) =>
      this.#watchChannel(await this.watch('a channel', createChannel.call(model, options)));
    model.createConfirmChannel = async (options) =>
      this.#watchChannel(await this.watch('a channel', createConfirmChannel.call(model, options)));
  }

  /** All its requests from now on. */
  #watchChannel<C extends Channel>(channel: C): C {
    const { close } = channel;
    channel.close = () => this.watch('the end of a channel', close.call(channel));
    // The library's own method, through which all other requests go; without it they are not watched.
    if (!('_rpc' in channel) || typeof channel._rpc !== 'function') return channel;
    const request = channel._rpc;
    const watched = (
      method: number,
      fields: object,
      expected: number,
      done: (...answer: unknown[]) => void,
    ): void => {
      const answered = this.#expect(subject(fields));
      const onAnswer = (...answer: unknown[]): void => {
        answered();
        done(...answer);
      };
      try {
        Reflect.apply(request, channel, [method, fields, expected, onAnswer]);
      } catch (error) {
        // The channel is closed.
        answered();
        throw error;
      }
    };
    return Object.assign(channel, { _rpc: watched });
  }

  /** Gives up the connection when no answer comes. Returns what is to be called when it has. */
  #expect(about: string, timeout?: number): () => void {
    const since = performance.now();
    const carried = this.#carried();
    const judge = (): void => {
      const seconds = Math.round((performance.now() - since) / 1000);
      this.#onSilent(new Error(`RabbitMQ has not answered a request about ${about} for ${seconds} s`));
    };
    const look = (): void => {
      if (this.#ended) return;
      const isBulk = this.#carried() - carried > BULK;
      const left = (timeout ?? this.#timeout * (isBulk ? BULK_FACTOR : 1)) - this.#timeToAnswer(since);
      timer = left > 0 ? setTimeout(look, left).unref() : setTimeout(judge, GRACE).unref();
    };
    let timer = setTimeout(look, timeout ?? this.#timeout).unref();
    return () => clearTimeout(timer);
  }

  /** For how long (ms) the broker could have answered what it was asked at that time (by performance.now). */
  #timeToAnswer(askedAt: number): number {
    return this.#blocked ? 0 : performance.now() - Math.max(askedAt, this.#unblockedAt);
  }
}

/** What the request is about, as far as its fields tell. */
function subject(fields: object): string {
  if ('queue' in fields && typeof fields.queue === 'string') return `the queue "${fields.queue}"`;
  if ('exchange' in fields && typeof fields.exchange === 'string') return `the exchange "${fields.exchange}"`;
  return 'a channel';
}
