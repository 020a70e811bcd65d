import type { Channel } from 'amqplib';

/**
 * How the broker tells that it has a message.
 * - `stored`: by publisher confirms. A message for a durable queue is then on disk, or with a quorum of nodes.
 * - `routed`: by the answer to a request sent behind it on the same channel: it is in its queue, or was sent back.
 * A fifth less work for the broker, and enough for messages that somebody waits for anyway: requests of calls, and
 * replies.
 */
export type Confirms = 'stored' | 'routed';

/** Of the messages of a channel, which are counted from 1. */
export interface Confirmation {
  deliveryTag: number;
  /** All before it, too. */
  multiple: boolean;
}

export interface ConfirmationListener {
  onAck(confirmation: Confirmation): void;
  onNack(confirmation: Confirmation): void;
  /** Whether anything that was written still waits to be confirmed: replies settle their calls as well. */
  isAwaited(): boolean;
}

/** Milliseconds between two requests to the broker: each confirms all messages before it. */
const INTERVAL = 10;
/** For how long (ms) a call's reply may be on its way before the broker is asked about the call. */
const PATIENCE = 10;
/**
 * With publisher confirms, the broker is asked at this interval (ms) while it has not confirmed everything. The answer
 * says nothing about the messages, since a quorum queue may take its time, but a channel without an answer is dead.
 */
const SIGN_OF_LIFE = 10_000;

/** The confirmations of one channel. */
export class Confirmations {
  readonly #channel: Channel;
  readonly #confirms: Confirms;
  readonly #listener: ConfirmationListener;
  #written = 0;
  /** When (by performance.now) the broker is asked next; Infinity: nothing is to be asked. */
  #askAt = Number.POSITIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #asking = false;

  constructor(channel: Channel, confirms: Confirms, listener: ConfirmationListener) {
    this.#channel = channel;
    this.#confirms = confirms;
    this.#listener = listener;
    channel.once('close', () => this.#stop());
    if (confirms === 'routed') return;
    channel.on('ack', (confirmation) => listener.onAck(confirmation));
    channel.on('nack', (confirmation) => listener.onNack(confirmation));
  }

  /** To be called for each message that is written. `patient`: a reply is expected to confirm it soon as well. */
  noteWritten(patient: boolean): void {
    this.#written += 1;
    if (this.#asking || this.#askAt <= this.#askedAt + INTERVAL) return;
    if (this.#confirms === 'stored') {
      if (this.#askAt === Number.POSITIVE_INFINITY) this.#askIn(SIGN_OF_LIFE, performance.now());
      return;
    }
    if (patient && this.#askAt !== Number.POSITIVE_INFINITY) return;
    const now = performance.now();
    this.#askIn(patient ? PATIENCE : this.#askedAt + INTERVAL - now, now);
  }

  /** Asks without waiting for more messages to ask about. */
  askNow(): void {
    if (this.#confirms === 'stored' || this.#asking) return;
    clearTimeout(this.#timer);
    this.#onTime();
  }

  #askIn(milliseconds: number, now: number): void {
    const askAt = now + Math.max(milliseconds, 0);
    if (askAt >= this.#askAt) return;
    clearTimeout(this.#timer);
    this.#askAt = askAt;
    this.#timer = setTimeout(this.#onTime, askAt - now).unref();
  }

  readonly #onTime = (): void => {
    this.#askAt = Number.POSITIVE_INFINITY;
    if (this.#listener.isAwaited()) this.#ask();
  };

  #ask(): void {
    const deliveryTag = this.#written;
    this.#asking = true;
    this.#askedAt = performance.now();
    this.#request().then(
      () => {
        this.#asking = false;
        if (this.#confirms === 'stored') return this.#askIn(SIGN_OF_LIFE, performance.now());
        this.#listener.onAck({ deliveryTag, multiple: true });
        if (this.#written > deliveryTag) this.#askIn(INTERVAL, performance.now());
      },
      () => {
        // The channel has closed, and its messages go to the next one.
      },
    );
  }

  /** `basic.qos` is the cheapest request there is; on a channel without consumers it changes nothing. */
  async #request(): Promise<void> {
    await this.#channel.prefetch(0);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#asking = true;
  }
}
