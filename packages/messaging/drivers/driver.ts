import type { TransportEvent } from '../hooks.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { Target } from '../target.ts';
import type { TransportUrl } from '../transport-url.ts';
import type { NotificationDriver } from './notification-driver.ts';
import type { RabbitOptions } from './rabbit/rabbit-options.ts';

/** The seam between RPC and transports: clients and servers see only these interfaces, which transports implement. */
export interface Driver {
  /**
   * Sends one request.
   *
   * A cast resolves with `undefined` once the transport has taken responsibility for it (RabbitMQ: the broker has
   * confirmed it, or has sent it back, and it is kept here until its queue comes). A call resolves with its reply.
   *
   * @throws MessagingTimeout when no reply came in `options.timeout` seconds
   * @throws ServerLost when a monitored call's server gives no sign of life any more
   * @throws CallCancelled when `options.signal` fires first
   * @throws MessageUndeliverable when a call finds no queue, or a cast none and too many wait for it already
   * @throws MessageDeliveryFailure when the transport could not take the message
   * @throws Overloaded when too much waits to be sent
   */
  send(target: Target, request: Request, options: SendOptions): Promise<Reply | undefined>;

  /**
   * Consumes the requests addressed to `target` (topic, topic.server and fanout). Resolves once requests are
   * delivered; from then on the driver keeps the consumers alive across reconnects.
   */
  listen(
    target: Target,
    onMessage: (incoming: IncomingMessage) => void,
    options?: ListenOptions,
  ): Promise<Listener>;

  /** Resolves when the replies sent so far have arrived at the broker. Absent: they have when `reply` resolves. */
  flush?(): Promise<void>;

  /**
   * Resolves once everything needed for sending, and for serving listeners, is there; connects if nothing has yet.
   * Absent: always ready.
   *
   * @throws MessagingError that tells what is missing, when `signal` fires first or the driver is closed
   */
  ready?(signal: AbortSignal): Promise<void>;

  /** Absent: this transport carries no notifications. */
  readonly notifications?: NotificationDriver;

  /** Closes all connections; pending calls fail with MessageDeliveryFailure. Idempotent. */
  close(): Promise<void>;
}

/** A request as both ends see it: all of it is JSON. */
export interface Request {
  ctxt: JsonObject;
  message: RpcMessage;
}

/** What a request asks for, with the names of the wire: `select_destinations`. */
export interface RpcMessage {
  method: string;
  args: JsonObject;
  namespace?: string | null;
  version?: string;
}

/** How a request is sent; times in seconds. */
export interface SendOptions {
  /** A call waits for its reply, a cast does not. */
  waitForReply: boolean;
  /** Seconds until a call fails with MessagingTimeout; also the request's expiration on the broker. */
  timeout?: number;
  /** Seconds without a sign of life from the server until a call is in doubt; null or absent: not monitored. */
  callMonitorTimeout?: number | null;
  /** How often publishing is tried again: -1 or null forever (a call: until its timeout), 0 never, N times. */
  retry?: number | null;
  /** A call that finds no queue: true (the default) fails at once, false waits for one until its timeout. */
  failUndeliverable?: boolean;
  /** Ends the call with CallCancelled, and tells the server that runs it. */
  signal?: AbortSignal | undefined;
  /** Multicall: called with each result that comes before the last reply, in order. */
  onResult?(result: JsonValue): void;
}

/** What came back: a result, or a failure in wire form (see failure.ts). */
export interface Reply {
  result: JsonValue;
  /** JSON text with class, module, message, tb, args, kwargs; null when the call succeeded. */
  failure: string | null;
  /** How many results were sent ahead of this reply; absent in the answer of a method that has one result. */
  results?: number;
}

/** When a request is acknowledged, see `ListenOptions`. */
export type AckPolicy = 'before' | 'after';

/** How requests are taken. */
export interface ListenOptions {
  /** Gives up waiting: a driver that is still waiting for its broker then rejects. */
  signal?: AbortSignal;
  /** How many requests run at once; the rest waits. 0: no limit. Default: the driver's (rabbit_qos_prefetch_count). */
  prefetch?: number | undefined;
  /**
   * `before` (the default): a request is acknowledged when it starts, and runs at most once, as in oslo.messaging.
   * `after`: it is acknowledged when it has run, so that it runs at least once; a cast whose method fails is tried
   * again, and becomes a dead letter in the end. Its methods must be repeatable.
   */
  ackPolicy?: AckPolicy | undefined;
  /** With ackPolicy `after`: how often a cast is tried before it becomes a dead letter. Default 5. */
  deliveryLimit?: number | undefined;
}

/** One delivered request. */
export interface IncomingMessage {
  readonly ctxt: JsonObject;
  readonly message: RpcMessage;
  /** False for a cast: nobody waits for a reply. */
  readonly expectsReply: boolean;
  /** Seconds without a sign of life after which the caller becomes suspicious; null when the call is not monitored. */
  readonly callMonitorTimeout: number | null;
  /** When the caller gives up, by this process's performance.now(); null: unknown or never. */
  readonly deadline: number | null;
  /** Milliseconds between sending and delivery, where both read one clock; null otherwise. */
  readonly queueWait: number | null;
  /** How often this request has been tried, this time included. Above 1 only with ackPolicy `after`. */
  readonly attempt: number;
  /** Calls the listener, once, when the caller has cancelled the call; at once when it has already. */
  onCancelled(listener: () => void): void;
  /**
   * Answers a call, once. Resolves when the reply is on its way. One that cannot be delivered is logged, never
   * thrown; `onLost` is called when that is known.
   */
  reply(reply: Reply, onLost?: () => void): Promise<void>;
  /** Sends one of several results of a call. Resolves when the next may be sent. */
  sendResult(result: JsonValue): Promise<void>;
  /** Tells a monitoring caller that the endpoint is still running. */
  heartbeat(): Promise<void>;
  /**
   * The request has run and is answered: its place is free for another. With ackPolicy `after` it is acknowledged, or,
   * when it was a cast and `failure` is given, tried again later. To be called once for each message.
   */
  done(failure?: unknown): void;
  /**
   * Called instead of `reply` and `done` when the server gives this run up, to ask for another. True: the request will
   * be delivered again, which counts as its next attempt, and this one sends nothing more. False: it will not, because
   * it is acknowledged, was tried too often or is no longer wanted; `reply` and `done` must then be called. Absent:
   * always false.
   */
  giveBack?(reason: unknown): boolean;
}

/** A server's consumers, until they are stopped. */
export interface Listener {
  /** Cancels the consumers; messages already delivered are still handed over. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Milliseconds until the first sign of life of a call whose regular ones come later. It tells the caller which server
 * has the call, and so which consumer to ask the broker about when that falls silent.
 */
export const FIRST_SIGN = 500;

/** What a transport passes to its driver. */
export interface DriverContext {
  /** The transport's name, for logs and for the broker's list of connections; '' when it has none. */
  name: string;
  /** The exchange of targets that name none. */
  controlExchange: string;
  logger: Logger;
  limits: Limits;
  /** Called with the transport's events; absent when nobody wants them. */
  onEvent?: ((event: TransportEvent) => void) | undefined;
  /** Options of the RabbitMQ driver; others ignore them. */
  rabbit: RabbitOptions;
}

/** Makes a driver; opens nothing yet. @throws DriverLoadFailure when the URL or the options do not fit it */
export type DriverFactory = (url: TransportUrl, context: DriverContext) => Driver;
