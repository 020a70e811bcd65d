import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { type ChannelModel, connect, type SocketOptions } from 'amqplib';
import { MessageDeliveryFailure } from '../../../errors.ts';
import type { TransportEvent } from '../../../hooks.ts';
import type { Logger } from '../../../logger.ts';
import { onAbort } from '../../../waits.ts';
import type { RabbitSettings } from '../rabbit-options.ts';
import { asError, errorText, isRefusal, isUnexpectedClose } from './amqp-error.ts';
import { AnswerWatch } from './answer-watch.ts';
import { Backoff, pause } from './backoff.ts';
import { type BrokerAddress, HostOrder } from './broker-address.ts';
import { askWhyRefused } from './handshake.ts';

/** `waiting`: every host has refused, and the next round comes after a pause. */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'waiting' | 'closed';

interface ConnectionEvents {
  connected: [ChannelModel];
  disconnected: [Error];
  /** A round over all hosts has failed. */
  unreachable: [Error];
  /** By `close`: there will be no further connection. */
  closed: [];
}

export interface ConnectionOptions {
  /** Names the connection's purpose, in the broker's list of connections and in logs. */
  name: string;
  addresses: readonly BrokerAddress[];
  settings: RabbitSettings;
  /** How long (ms) the broker may take to answer a request before the connection is given up. Default 30 s. */
  answerTimeout?: number;
  logger: Logger;
  onEvent?: ((event: TransportEvent) => void) | undefined;
}

const CONNECT_TIMEOUT = 10_000;
/** How long (ms) the broker may take for a step of closing; then it is left. Stops have little time for several of them. */
export const CLOSE_TIMEOUT = 1_000;
/** A connection that lasted for so long (ms) counts as working: the next waits are short again. */
const STABLE_AFTER = 1_000;
/** How long (ms) a lost connection's socket may take to send what it still holds. */
const LINGER = 1_000;

/** How often (ms) the log is told of a broker that stays away for the same reason. */
const REMINDER = 30_000;

/** One live connection, with the means to cut it off at once. */
interface Link {
  model: ChannelModel;
  answers: AnswerWatch;
  /** Resolves with the reason when the connection has ended. */
  ended: Promise<Error>;
  /** Destroys the socket. */
  cut(reason: Error): void;
}

/**
 * One AMQP connection that is made again whenever it is lost, over all hosts of the URL in turn, with growing,
 * jittered waits between the rounds, until it is closed.
 */
export class BrokerConnection extends EventEmitter<ConnectionEvents> {
  readonly name: string;
  state: ConnectionState = 'idle';
  /** Why there is no connection, as far as known; undefined while there is one. */
  failure: Error | undefined;
  readonly #options: ConnectionOptions;
  readonly #hosts: HostOrder;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  /** The connection's work and logs belong to no request, though a request may have been the first to need it. */
  readonly #outside = new AsyncResource('RabbitConnection');
  /** When (by performance.now) a failure to connect was last logged. */
  readonly #loggedAt = new Map<string, number>();
  /** The last round failed because no host had a listening port, and for no other reason. */
  #refused = false;
  #live: Link | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ConnectionOptions) {
    super();
    // Each of its channels listens to it: more than Node.js takes for a leak, but not without bounds.
    this.setMaxListeners(0);
    this.name = options.name;
    this.#options = options;
    const { settings, addresses } = options;
    this.#hosts = new HostOrder(addresses, settings.kombuFailoverStrategy);
    this.#backoff = new Backoff({
      interval: settings.rabbitRetryInterval,
      step: settings.rabbitRetryBackoff,
      max: settings.rabbitIntervalMax,
    });
  }

  /** The live connection, if there is one. */
  get model(): ChannelModel | undefined {
    return this.#live?.model;
  }

  /** Passes an answer of the broker's on. When it does not come in so many ms, the connection is given up. */
  watch<T>(about: string, answer: Promise<T>, milliseconds: number): Promise<T> {
    return this.#live?.answers.watch(about, answer, milliseconds) ?? answer;
  }

  /** Starts connecting, once. */
  open(): void {
    if (this.state !== 'idle') return;
    this.#running = this.#outside.runInAsyncScope(() => this.#run());
  }

  /** Ends this connection as lost, when only its user can tell that it does not work. */
  drop(model: ChannelModel, reason: Error): void {
    if (this.#live?.model === model) this.#live.cut(reason);
  }

  /** Tells the transport's hooks, if there are any. */
  tell(type: TransportEvent['type'], data: object = {}): void {
    this.#options.onEvent?.({ type, data: { connection: this.name, ...data } });
  }

  /** Closes it for good, in bounded time. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closing) {
      if (this.state === 'idle') this.state = 'closed';
      this.#stopping.abort();
      this.emit('closed');
    }
    await this.#running;
  }

  get #closing(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#closing) {
      this.state = 'connecting';
      const link = await this.#connectToAny();
      if (link !== undefined) await this.#hold(link);
      // Where nothing listens, asking costs the broker nothing, and it may be back any moment.
      const milliseconds = this.#refused ? this.#backoff.first() : this.#backoff.next();
      await pause(milliseconds, this.#stopping.signal);
    }
    this.state = 'closed';
  }

  async #connectToAny(): Promise<Link | undefined> {
    let reason = new Error('no host');
    this.#refused = true;
    for (const address of this.#hosts.round()) {
      if (this.#closing) return undefined;
      try {
        const link = await this.#connectTo(address);
        this.#hosts.connected(address);
        return link;
      } catch (error) {
        reason = await this.#inBrokersWords(asError(error), address);
        this.failure = reason;
        this.#refused &&= isRefusal(error);
        if (!this.#closing) this.#logFailure(address, reason);
      }
    }
    if (!this.#closing) {
      this.state = 'waiting';
      this.emit('unreachable', reason);
    }
    return undefined;
  }

  /** When the broker refuses the virtual host, the library only says that it got something unexpected. */
  async #inBrokersWords(error: Error, address: BrokerAddress): Promise<Error> {
    if (this.#closing || !isUnexpectedClose(error)) return error;
    const words = await askWhyRefused(address);
    return words === undefined
      ? error
      : new Error(`RabbitMQ refuses the connection: ${words}`, { cause: error });
  }

  async #connectTo(address: BrokerAddress): Promise<Link> {
    const cutter = new AbortController();
    const socket: SocketOptions & { signal: AbortSignal } = {
      ...address.socket,
      clientProperties: { connection_name: this.name },
      signal: cutter.signal,
    };
    const abandon = (): void => cutter.abort();
    const timer = setTimeout(abandon, CONNECT_TIMEOUT);
    const stopListening = onAbort(this.#stopping.signal, abandon);
    try {
      const model = await connect(address.connect, socket);
      this.#options.logger.info({ connection: this.name, broker: address.label }, 'connected to RabbitMQ');
      return this.#link(model, cutter);
    } finally {
      clearTimeout(timer);
      stopListening();
    }
  }

  #link(model: ChannelModel, cutter: AbortController): Link {
    const { logger } = this.#options;
    let end: (reason: Error) => void = () => {};
    const ended = new Promise<Error>((resolve) => {
      end = resolve;
    });
    let reason: Error | undefined;
    model.on('error', (error) => {
      reason ??= error;
    });
    model.on('close', (error?: Error) => end(reason ?? error ?? new Error('closed')));
    model.on('blocked', (why) => {
      logger.warn({ connection: this.name, reason: why }, 'RabbitMQ has blocked publishing');
    });
    model.on('unblocked', () => {
      logger.info({ connection: this.name }, 'RabbitMQ has unblocked publishing');
    });
    const cut = (cause: Error): void => {
      cutter.abort();
      end(cause);
    };
    const answers = new AnswerWatch(model, cut, this.#options.answerTimeout);
    void ended.then(() => answers.end());
    return { model, answers, ended, cut };
  }

  /** Keeps the connection until it ends, by itself or because this object is closed. */
  async #hold(link: Link): Promise<void> {
    const since = performance.now();
    this.#live = link;
    this.state = 'connected';
    this.#loggedAt.clear();
    this.#refused = false;
    this.failure = undefined;
    const stopListening = onAbort(this.#stopping.signal, () => closeLink(link));
    if (!this.#closing) {
      this.tell('connected');
      this.emit('connected', link.model);
    }
    const reason = await link.ended;
    stopListening();
    this.#live = undefined;
    this.failure = reason;
    if (this.#closing) link.cut(reason);
    else {
      setTimeout(() => link.cut(reason), LINGER).unref();
      this.state = 'waiting';
      if (performance.now() - since >= STABLE_AFTER) this.#backoff.reset();
      this.#options.logger.warn(
        { connection: this.name, reason: errorText(reason) },
        'connection to RabbitMQ lost',
      );
      this.tell('disconnected', { reason: errorText(reason) });
    }
    this.emit('disconnected', reason);
  }

  /** Once for each reason, and now and then a reminder: an outage may last for hours. */
  #logFailure(address: BrokerAddress, error: Error): void {
    const reason = errorText(error);
    const key = `${address.label} ${reason}`;
    const now = performance.now();
    const level = now - (this.#loggedAt.get(key) ?? Number.NEGATIVE_INFINITY) < REMINDER ? 'debug' : 'warn';
    if (level === 'warn') this.#loggedAt.set(key, now);
    this.#options.logger[level](
      { connection: this.name, broker: address.label, reason },
      'cannot connect to RabbitMQ; trying again',
    );
  }
}

/** Asks the broker to close the connection; a broker that does not answer is left. */
function closeLink(link: Link): void {
  const timer = setTimeout(() => link.cut(new Error('closing took too long')), CLOSE_TIMEOUT);
  void link.ended.then(() => clearTimeout(timer));
  // It fails when the connection is already closed, which `ended` tells as well.
  link.model.close().catch(() => {});
}

/** Resolves once the connection is there. @throws MessageDeliveryFailure that says why not, when `signal` fires */
export async function whenConnected(connection: BrokerConnection, signal: AbortSignal): Promise<void> {
  while (connection.state !== 'connected') {
    if (signal.aborted) throw notConnected(connection);
    await eventOf([[connection, 'connected']], signal);
  }
}

export function notConnected({ failure }: BrokerConnection): MessageDeliveryFailure {
  const reason = failure === undefined ? 'it has not answered yet' : errorText(failure);
  return new MessageDeliveryFailure(`Unable to reach RabbitMQ: ${reason}`, { cause: failure });
}

/** Resolves at the first of these events, or when the signal fires. */
export function eventOf(
  events: readonly (readonly [emitter: EventEmitter, event: string])[],
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      for (const [emitter, event] of events) emitter.off(event, end);
      stopListening();
      resolve();
    };
    for (const [emitter, event] of events) emitter.on(event, end);
    const stopListening = onAbort(signal, end);
  });
}
