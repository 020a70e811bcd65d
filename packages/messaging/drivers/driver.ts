import type { JsonObject, JsonValue } from '../json.ts';
import type { Target } from '../target.ts';

/**
 * The seam between RPC and transports. Clients and servers see these interfaces only; RabbitMQ and the
 * in-memory transport implement them.
 */
export interface Driver {
  /**
   * Sends one request.
   *
   * A cast resolves with `undefined` once the transport has taken responsibility for it (RabbitMQ: confirmed by
   * the broker). A call resolves with its reply.
   *
   * @throws MessagingTimeout when no reply came in `options.timeout` seconds
   * @throws MessageDeliveryFailure when the transport could not take the message
   */
  send(target: Target, request: Request, options: SendOptions): Promise<Reply | undefined>;

  /**
   * Consumes the requests addressed to `target` (topic, topic.server and fanout). Resolves once requests are
   * delivered; from then on the driver keeps the consumers alive across reconnects. `signal` gives up what has
   * not resolved yet: a driver that may wait for its broker then rejects.
   */
  listen(
    target: Target,
    onMessage: (incoming: IncomingMessage) => void,
    signal?: AbortSignal,
  ): Promise<Listener>;

  /** Closes all connections; pending calls fail with MessageDeliveryFailure. Idempotent. */
  close(): Promise<void>;
}

/** A request as both ends see it: all of it is JSON. */
export interface Request {
  ctxt: JsonObject;
  message: RpcMessage;
}

export interface RpcMessage {
  method: string;
  args: JsonObject;
  namespace?: string | null;
  version?: string;
}

export interface SendOptions {
  /** A call waits for its reply, a cast does not. */
  waitForReply: boolean;
  /** Seconds until a call fails with MessagingTimeout; also the request's expiration on the broker. */
  timeout?: number;
  /** Seconds without a sign of life from the server until a call fails; null or absent: not monitored. */
  callMonitorTimeout?: number | null;
  /** How often publishing is tried again: -1 or null forever (a call: until its timeout), 0 never, N times. */
  retry?: number | null;
}

/** What came back: a result, or a failure in wire form (see failure.ts). */
export interface Reply {
  result: JsonValue;
  /** JSON text with class, module, message, tb, args, kwargs; null when the call succeeded. */
  failure: string | null;
}

/** One delivered request. It is acknowledged before it is handed over: RPC is at most once. */
export interface IncomingMessage {
  readonly ctxt: JsonObject;
  readonly message: RpcMessage;
  /** False for a cast: nobody waits for a reply. */
  readonly expectsReply: boolean;
  /** Seconds after which the caller gives up without a heartbeat; null when the call is not monitored. */
  readonly callMonitorTimeout: number | null;
  /** Answers a call, once. A reply that cannot be delivered is logged, never thrown. */
  reply(reply: Reply): Promise<void>;
  /** Tells a monitoring caller that the endpoint is still running. */
  heartbeat(): Promise<void>;
}

export interface Listener {
  /** Cancels the consumers; messages already delivered are still handed over. Idempotent. */
  stop(): Promise<void>;
}
