import { EventEmitter } from 'node:events';
import { type Channel, type ChannelModel, IllegalOperationError } from 'amqplib';
import { TopologyMismatch } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { onAbort } from '../../../waits.ts';
import { amqpCode, asError, errorText } from './amqp-error.ts';
import { Backoff, pause } from './backoff.ts';
import type { BrokerConnection } from './connection.ts';

interface ChannelEvents<C> {
  ready: [C];
  /** With the broker's error when it closed the channel, without one when the connection has ended. */
  lost: [Error | undefined];
  /** The broker, or already the library, has refused the set-up; it is tried again. */
  refused: [Error];
}

export interface ChannelOptions<C extends Channel> {
  connection: BrokerConnection;
  /** Names the channel's purpose in logs. */
  name: string;
  open(model: ChannelModel): Promise<C>;
  /** Declares and consumes what the channel is for: on each new channel, before `ready`. */
  setUp?(channel: C): Promise<void>;
  logger: Logger;
}

/** The fate of one channel. */
interface ChannelLife {
  /** It is closed, or the supervision of its connection has ended. */
  closed: boolean;
  /** Resolves when it is. */
  ended: Promise<void>;
}

/** Seconds. Channels fail for their own reasons on a broker that is well, so the waits are short. */
const RETRY = { interval: 0.05, step: 0.3, max: 1 };
/** Milliseconds between attempts while something is declared differently: only an operator can fix that. */
const MISMATCH_PAUSE = 5_000;
/** A channel that lasted for so long (ms) counts as working: the next wait is short again. */
const STABLE_AFTER = 1_000;

/** One channel of a supervised connection, opened and set up again whenever it or the connection is lost. */
export class SupervisedChannel<C extends Channel = Channel> extends EventEmitter<ChannelEvents<C>> {
  readonly #options: ChannelOptions<C>;
  readonly #backoff = new Backoff(RETRY);
  /** The channel, while it is open and set up. */
  current: C | undefined;
  /** Why the last set-up was refused; undefined when it was not. */
  refusal: Error | undefined;
  #started = false;
  #session: AbortController | undefined;

  constructor(options: ChannelOptions<C>) {
    super();
    this.#options = options;
  }

  /** Starts supervising, and the connection with it. Idempotent. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    const { connection } = this.#options;
    connection.on('connected', this.#onConnected);
    connection.on('disconnected', this.#onDisconnected);
    if (connection.model !== undefined) this.#onConnected(connection.model);
    else connection.open();
  }

  /** Ends the supervision. A channel that is set up stays open until the connection is closed. Idempotent. */
  stop(): void {
    this.#started = true;
    const { connection } = this.#options;
    connection.off('connected', this.#onConnected);
    connection.off('disconnected', this.#onDisconnected);
    this.#session?.abort();
  }

  /** Has a channel replaced of which only its user can tell that it does not work. `lost` is emitted at once. */
  replace(): void {
    const channel = this.current;
    if (channel === undefined) return;
    this.#lose(channel, undefined);
    // Behind all that was written to it in this turn of the event loop: the broker must not find that on a closed one.
    setImmediate(() => discard(channel));
  }

  readonly #onConnected = (model: ChannelModel): void => {
    const session = new AbortController();
    this.#session = session;
    void this.#supervise(model, session.signal);
  };

  readonly #onDisconnected = (): void => {
    this.#session?.abort();
    this.#lose(this.current, undefined);
  };

  async #supervise(model: ChannelModel, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const since = performance.now();
      await this.#runOne(model, signal);
      if (performance.now() - since >= STABLE_AFTER) this.#backoff.reset();
      await pause(this.refusal instanceof TopologyMismatch ? MISMATCH_PAUSE : this.#backoff.next(), signal);
    }
  }

  /** Opens one channel and returns when it has ended. Does not reject. */
  async #runOne(model: ChannelModel, signal: AbortSignal): Promise<void> {
    let channel: C;
    try {
      channel = await this.#options.open(model);
    } catch (error) {
      // A connection that opens no channel is of no use, and may be silently dead.
      this.#options.connection.drop(model, asError(error));
      return;
    }
    if (signal.aborted) return discard(channel);
    const life = this.#watch(channel, signal);
    try {
      await this.#options.setUp?.(channel);
    } catch (error) {
      if (signal.aborted) return discard(channel);
      // A channel that closes without an error has gone with the connection.
      if (life.closed && amqpCode(error) === undefined && !(error instanceof TopologyMismatch)) return;
      // Its user closes it, for a consumer was cancelled meanwhile.
      if (error instanceof IllegalOperationError) return life.ended;
      this.#onRefused(error);
      if (!life.closed) discard(channel);
      await life.ended;
      return;
    }
    if (signal.aborted) return discard(channel);
    if (life.closed) return;
    if (this.refusal instanceof TopologyMismatch) {
      this.#options.logger.info({ channel: this.#options.name }, 'RabbitMQ has again what is configured');
    }
    this.refusal = undefined;
    this.current = channel;
    this.emit('ready', channel);
    await life.ended;
  }

  #onRefused(error: unknown): void {
    if (error instanceof TopologyMismatch) this.#logMismatch(error);
    else this.#log('the set-up of a channel was refused', error);
    this.refusal = asError(error);
    this.emit('refused', this.refusal);
  }

  /** Once for each: it stays until somebody does something about it. */
  #logMismatch(error: TopologyMismatch): void {
    const { name, logger } = this.#options;
    if (this.refusal instanceof TopologyMismatch && this.refusal.message === error.message) return;
    const seconds = MISMATCH_PAUSE / 1000;
    logger.error(
      { channel: name, reason: error.message },
      `cannot work with what RabbitMQ has; trying again every ${seconds} s`,
    );
  }

  #watch(channel: C, signal: AbortSignal): ChannelLife {
    let failure: Error | undefined;
    channel.on('error', (error) => {
      failure = error;
      if (channel === this.current) this.#log('RabbitMQ has closed a channel', error);
    });
    const life: ChannelLife = { closed: false, ended: Promise.resolve() };
    life.ended = new Promise((resolve) => {
      const end = (): void => {
        life.closed = true;
        stopListening();
        this.#lose(channel, failure);
        resolve();
      };
      const stopListening = onAbort(signal, end);
      // Before the library's own listener, which tells each unconfirmed publish that it failed.
      channel.prependListener('close', end);
    });
    return life;
  }

  #lose(channel: C | undefined, failure: Error | undefined): void {
    if (channel === undefined || channel !== this.current) return;
    this.current = undefined;
    const { connection, name } = this.#options;
    if (failure !== undefined) connection.tell('channel_lost', { channel: name, reason: failure.message });
    this.emit('lost', failure);
  }

  #log(message: string, error: unknown): void {
    const { name, logger } = this.#options;
    // A publish to an exchange that has gone: it is declared again, and nothing is lost.
    const level = amqpCode(error) === 404 ? 'debug' : 'warn';
    logger[level]({ channel: name, reason: errorText(error) }, message);
  }
}

/** Works over a channel of its own, which the broker closes over what it refuses: the request that fails tells why. */
export async function withChannel<C extends Channel, T>(
  opening: Promise<C>,
  work: (channel: C) => Promise<T>,
): Promise<T> {
  const channel = await opening;
  channel.on('error', ignore);
  try {
    return await work(channel);
  } finally {
    discard(channel);
  }
}

/** Of a channel's errors, which would end the process if nobody listened. */
function ignore(): void {}

function discard(channel: Channel): void {
  channel.on('error', ignore);
  // It fails when the channel is closed, or went with its connection.
  channel.close().catch(() => {});
}
