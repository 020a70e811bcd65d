import { type Channel, type ConfirmChannel, connect, type Message } from 'amqplib';
import type { EchoArgs, EchoClient, Place } from '../../contender.ts';
import { CONTENT, EXCHANGE, newId, open, type Reply, type Request, seal } from './wire.ts';

/** Milliseconds. */
const TIMEOUT = 60_000;

interface Waiter {
  resolve(result: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

export class OsloClient implements EchoClient {
  readonly #topic: string;
  readonly #replyQueue = `reply_${newId()}`;
  /** Calls and their replies. */
  readonly #channel: Channel;
  /** Casts: only the broker's confirmation tells that they arrived. */
  readonly #casts: ConfirmChannel;
  readonly #waiters = new Map<string, Waiter>();

  private constructor(topic: string, channel: Channel, casts: ConfirmChannel) {
    this.#topic = topic;
    this.#channel = channel;
    this.#casts = casts;
  }

  /** `confirms`: the broker confirms requests, too. */
  static async connect({ url, topic }: Place, confirms = false): Promise<OsloClient> {
    const connection = await connect(url, { noDelay: true });
    const casts = await connection.createConfirmChannel();
    const channel = confirms ? casts : await connection.createChannel();
    const client = new OsloClient(topic, channel, casts);
    await client.#consumeReplies();
    return client;
  }

  call(args: EchoArgs): Promise<EchoArgs> {
    const msgId = newId();
    return new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(msgId)?.reject(new Error('no reply in time')), TIMEOUT);
      this.#waiters.set(msgId, { resolve, reject, timer });
      const call = { _msg_id: msgId, _reply_q: this.#replyQueue, _timeout: null };
      this.#channel.publish(EXCHANGE, this.#topic, seal({ ...request('echo', args), ...call }), {
        ...CONTENT,
        expiration: TIMEOUT,
      });
    }) as Promise<EchoArgs>;
  }

  cast(args: EchoArgs): Promise<void> {
    return new Promise((resolve, reject) => {
      const body = seal(request('note', args));
      this.#casts.publish(EXCHANGE, this.#topic, body, CONTENT, (error: unknown) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  async #consumeReplies(): Promise<void> {
    await this.#channel.assertQueue(this.#replyQueue, { durable: false, expires: 1_800_000 });
    this.#channel.on('return', (message) => this.#onReturn(message));
    await this.#channel.consume(this.#replyQueue, (message) => {
      if (message === null) return;
      this.#channel.ack(message);
      const { _msg_id, result, failure } = open<Reply>(message.content);
      const waiter = this.#settle(_msg_id);
      if (failure === null) waiter?.resolve(result);
      else waiter?.reject(new Error(failure));
    });
  }

  #onReturn(message: Message): void {
    const { _msg_id = '' } = open<Request>(message.content);
    this.#settle(_msg_id)?.reject(new Error(`nobody serves ${this.#topic}`));
  }

  #settle(msgId: string): Waiter | undefined {
    const waiter = this.#waiters.get(msgId);
    if (waiter === undefined) return undefined;
    this.#waiters.delete(msgId);
    clearTimeout(waiter.timer);
    return waiter;
  }
}

function request(method: string, args: EchoArgs): Request {
  return { method, args, version: '1.0', _unique_id: newId() };
}
