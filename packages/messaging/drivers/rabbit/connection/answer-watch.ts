import { Socket } from 'node:net';
import type { Channel, ChannelModel } from 'amqplib';

/**
 * When a broker that is short of memory or disk space has blocked a connection: it then reads nothing from it, and
 * answers nothing that it is asked there.
 */
export class Blocking {
  #blocked = false;
  /** By performance.now. */
  #endedAt = 0;

  constructor(model: ChannelModel) {
    model.on('blocked', () => {
      this.#blocked = true;
    });
    model.on('unblocked', () => {
      this.#blocked = false;
      this.#endedAt = performance.now();
    });
  }

  /** For how long (ms) the broker could have answered what it was asked at that time (by performance.now). */
  timeToAnswer(askedAt: number): number {
    return this.#blocked ? 0 : performance.now() - Math.max(askedAt, this.#endedAt);
  }
}

/** How long (ms) the broker may take to answer one request. */
export const ANSWER_TIMEOUT = 30_000;
/**
 * On a connection that carries this much (bytes) meanwhile, the answer may be behind it on a slow network: it is then
 * given so many times as long.
 */
const BULK = 1024 * 1024;
const BULK_FACTOR = 10;
/** Milliseconds after a busy period of this process in which an answer that has come is read. */
const GRACE = 100;

/** A request that is not answered yet. */
interface Wait {
  /** By performance.now. */
  since: number;
  /** Bytes that the connection had carried when it began. */
  carried: number;
  about: string;
}

/**
 * Notices when the broker does not answer a request on some channel of a connection: the heartbeat only tells that the
 * connection works. The time for which the broker has blocked the connection does not count.
 */
export class AnswerWatch {
  readonly #timeout: number;
  readonly #onSilent: (error: Error) => void;
  readonly #carried: () => number;
  readonly #blocking: Blocking;
  /** In the order in which they began. */
  readonly #waits = new Set<Wait>();
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  /** `timeout` (ms): how long the broker may take. */
  constructor(model: ChannelModel, blocking: Blocking, timeout: number, onSilent: (error: Error) => void) {
    this.#blocking = blocking;
    this.#timeout = timeout;
    this.#onSilent = onSilent;
    const { connection } = model;
    // The library's own field, used only if it is what it seems to be.
    const socket =
      'stream' in connection && connection.stream instanceof Socket ? connection.stream : undefined;
    this.#carried = () => (socket === undefined ? 0 : socket.bytesRead + socket.bytesWritten);
    this.#watchChannelsOf(model);
  }

  /** The connection has ended. */
  end(): void {
    this.#ended = true;
    this.#waits.clear();
    clearTimeout(this.#timer);
  }

  #watchChannelsOf(model: ChannelModel): void {
    const { createChannel, createConfirmChannel } = model;
    model.createChannel = async (options) =>
      this.#watch(await this.#track('a channel', createChannel.call(model, options)));
    model.createConfirmChannel = async (options) =>
      this.#watch(await this.#track('a channel', createConfirmChannel.call(model, options)));
  }

  /** All its requests from now on. */
  #watch<C extends Channel>(channel: C): C {
    const { close } = channel;
    channel.close = () => this.#track('the end of a channel', close.call(channel));
    // The library's own method, through which all other requests go; without it they are not watched.
    if (!('_rpc' in channel) || typeof channel._rpc !== 'function') return channel;
    const request = channel._rpc;
    const watched = (
      method: number,
      fields: object,
      expected: number,
      done: (...answer: unknown[]) => void,
    ): void => {
      const wait = this.#begin(subject(fields));
      const onAnswer = (...answer: unknown[]): void => {
        this.#waits.delete(wait);
        done(...answer);
      };
      try {
        Reflect.apply(request, channel, [method, fields, expected, onAnswer]);
      } catch (error) {
        // The channel is closed.
        this.#waits.delete(wait);
        throw error;
      }
    };
    return Object.assign(channel, { _rpc: watched });
  }

  async #track<T>(about: string, answer: Promise<T>): Promise<T> {
    const wait = this.#begin(about);
    try {
      return await answer;
    } finally {
      this.#waits.delete(wait);
    }
  }

  #begin(about: string): Wait {
    const wait = { since: performance.now(), carried: this.#carried(), about };
    if (this.#ended) return wait;
    this.#waits.add(wait);
    if (this.#timer === undefined) this.#lookIn(this.#timeout);
    return wait;
  }

  #lookIn(milliseconds: number): void {
    this.#timer = setTimeout(this.#look, milliseconds).unref();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const [oldest] = this.#waits;
    if (oldest === undefined) return;
    const left = this.#timeLeft(oldest);
    if (left > 0) this.#lookIn(left);
    else this.#timer = setTimeout(() => this.#judge(oldest), GRACE).unref();
  };

  #judge(wait: Wait): void {
    if (!this.#waits.has(wait)) {
      this.#look();
      return;
    }
    const seconds = Math.round((performance.now() - wait.since) / 1000);
    this.#onSilent(new Error(`RabbitMQ has not answered a request about ${wait.about} for ${seconds} s`));
  }

  #timeLeft({ since, carried }: Wait): number {
    const isBulk = this.#carried() - carried > BULK;
    return this.#timeout * (isBulk ? BULK_FACTOR : 1) - this.#blocking.timeToAnswer(since);
  }
}

/** What the request is about, as far as its fields tell. */
function subject(fields: object): string {
  if ('queue' in fields && typeof fields.queue === 'string') return `the queue "${fields.queue}"`;
  if ('exchange' in fields && typeof fields.exchange === 'string') return `the exchange "${fields.exchange}"`;
  return 'a channel';
}
