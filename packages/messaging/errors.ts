import type { JsonObject, JsonValue } from './json.ts';
import type { Target } from './target.ts';

/** The base of all errors of this package. `code` is stable, for programs. */
export abstract class MessagingError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** No reply came in time. The call may have run, or may still run. */
export class MessagingTimeout extends MessagingError {
  readonly code: string = 'MESSAGING_TIMEOUT';
}

/**
 * A monitored call's server no longer shows that it is alive: it was killed, or is cut off. Or it says that it stops
 * before the method has ended (`RPCServer.cut`). The call may have run. It is a MessagingTimeout that did not need the
 * whole timeout.
 */
export class ServerLost extends MessagingTimeout {
  override readonly code = 'SERVER_LOST';
}

/**
 * The ServerLost of a server's own end. It alone arrives as a ServerLost: one that a method has met in a call of its
 * own says nothing of the server that runs the method.
 */
export class RequestCut extends ServerLost {
  override readonly name = 'ServerLost';

  constructor(server: string, method: string) {
    super(`The server ${server} is stopping and has given up ${method}, which may have run in part`);
  }
}

/** The caller's own AbortSignal ended the call; `cause` is the signal's reason. It may have run. */
export class CallCancelled extends MessagingError {
  readonly code = 'CALL_CANCELLED';
}

/** The transport could not take a message, or was closed while a call was pending. */
export class MessageDeliveryFailure extends MessagingError {
  readonly code: string = 'MESSAGE_DELIVERY_FAILURE';
}

/**
 * A bound of this process is reached (see limits.ts): this message was not taken, and nothing was sent. Or the server
 * refused the request, of which nothing has run: see RequestRefused.
 */
export class Overloaded extends MessageDeliveryFailure {
  override readonly code: string = 'OVERLOADED';
  /** What is full: `outbox`, `stream`, a queue's name, or what a server calls its own. */
  readonly what: string;
  readonly limit: number;
  readonly unit: OverloadedData['unit'];
  /** Seconds after which there may be room, where that is known. */
  readonly retryAfter: number | undefined;

  constructor({ what, limit, unit, retryAfter }: OverloadedData) {
    super(`Overloaded: ${what} holds ${limit} ${unit}, which is its limit`);
    this.what = what;
    this.limit = limit;
    this.unit = unit;
    this.retryAfter = retryAfter;
  }
}

/** The broker takes no message of this size (its `max_message_size`): a request, a reply or one of its results. */
export class MessageTooLarge extends MessageDeliveryFailure {
  override readonly code = 'MESSAGE_TOO_LARGE';
  /** Bytes. */
  readonly size: number;
  /** Bytes that the broker takes. */
  readonly limit: number;

  /** @param data `what`: `The message` */
  constructor(data: { what: string; size: number; limit: number }, options?: ErrorOptions) {
    const { what, size, limit } = data;
    super(`${what} has ${size} bytes, and RabbitMQ takes ${limit}`, options);
    this.size = size;
    this.limit = limit;
  }
}

/**
 * The MessageTooLarge of a server's own reply. It alone arrives as a MessageTooLarge: one that a method has met in a call
 * of its own says nothing of this call.
 */
export class ReplyTooLarge extends MessageTooLarge {
  override readonly name = 'MessageTooLarge';
}

/** What is full, and how full it may be. */
export interface OverloadedData {
  what: string;
  limit: number;
  unit: 'bytes' | 'messages' | 'requests';
  retryAfter?: number | undefined;
}

/**
 * What a method throws that has not begun, and will not in time: its server has too much to do. The caller may ask
 * again, later. It alone arrives, as an Overloaded: one that a method has met while it ran says nothing of what ran.
 */
export class RequestRefused extends Overloaded {
  override readonly code = 'OVERLOADED';
  override readonly name = 'Overloaded';
}

/** A queue or exchange exists on the broker with other properties than this process is configured for. */
export class TopologyMismatch extends MessageDeliveryFailure {
  override readonly code = 'TOPOLOGY_MISMATCH';
  readonly kind: 'queue' | 'exchange';
  /** Of the queue or exchange. (`name` is the error class's.) */
  readonly entity: string;
  /** What differs: `durable`, `x-expires`; undefined when the broker does not say. */
  readonly argument: string | undefined;
  /** What this process is configured for, as the broker words it. */
  readonly wanted: string | undefined;
  /** What the broker has. */
  readonly actual: string | undefined;

  constructor(data: TopologyMismatchData, options?: ErrorOptions) {
    super(describeMismatch(data), options);
    this.kind = data.kind;
    this.entity = data.entity;
    this.argument = data.argument;
    this.wanted = data.wanted;
    this.actual = data.actual;
  }
}

export type TopologyMismatchData = Pick<TopologyMismatch, 'kind' | 'entity'> &
  Partial<Pick<TopologyMismatch, 'argument' | 'wanted' | 'actual'>>;

function describeMismatch({ kind, entity, argument, wanted, actual }: TopologyMismatchData): string {
  const what = `The ${kind} "${entity}" exists with other properties`;
  if (argument === undefined) return `${what} than are configured here`;
  return `${what}: ${argument} is ${actual ?? 'none'} on the broker, and ${wanted ?? 'none'} was wanted`;
}

/** The transport took the message, and found no queue to put it in: nobody received it. */
export class MessageUndeliverable extends MessagingError {
  readonly code = 'MESSAGE_UNDELIVERABLE';
  readonly exchange: string;
  readonly routingKey: string;

  constructor(data: { exchange: string; routingKey: string; reason?: string }, options?: ErrorOptions) {
    const reason = data.reason === undefined ? '' : `: ${data.reason}`;
    super(`No queue at exchange "${data.exchange}" takes routing key "${data.routingKey}"${reason}`, options);
    this.exchange = data.exchange;
    this.routingKey = data.routingKey;
  }
}

/** The driver failed in a way of its own; `cause` is its error. */
export class ClientSendError extends MessagingError {
  readonly code = 'CLIENT_SEND_ERROR';
  readonly target: Target;

  constructor(target: Target, cause: unknown) {
    super(`Failed to send to target "${target}": ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.target = target;
  }
}

/** The message's version is not one that the client's version cap lets out. Nothing was sent. */
export class RPCVersionCapError extends MessagingError {
  readonly code = 'RPC_VERSION_CAP';
  readonly version: string;
  readonly versionCap: string;

  constructor(version: string, versionCap: string) {
    super(
      `Message version ${version} exceeds the version cap ${versionCap}: the major versions must be equal and the minor not above the cap's`,
    );
    this.version = version;
    this.versionCap = versionCap;
  }
}

/** The target lacks a part that the operation needs, or has one that it cannot have. */
export class InvalidTarget extends MessagingError {
  readonly code = 'INVALID_TARGET';
  readonly target: Target;

  constructor(reason: string, target: Target) {
    super(`${reason}: ${target}`);
    this.target = target;
  }
}

/** A server's endpoints match the request's namespace and version, and none has (or exposes) the method. */
export class NoSuchMethod extends MessagingError {
  readonly code = 'NO_SUCH_METHOD';
  readonly method: string;

  constructor(method: string, options?: ErrorOptions) {
    super(`Endpoint does not support RPC method ${method}`, options);
    this.method = method;
  }
}

/** No endpoint of the server matches the request's namespace and version. */
export class UnsupportedVersion extends MessagingError {
  readonly code = 'UNSUPPORTED_VERSION';
  readonly version: string;
  readonly method: string | undefined;

  constructor(version: string, method?: string, options?: ErrorOptions) {
    const attempted = method === undefined ? '' : `. Attempted method: ${method}`;
    super(`Endpoint does not support RPC version ${version}${attempted}`, options);
    this.version = version;
    this.method = method;
  }
}

/** A message's envelope has an `oslo.version` that this package cannot read. */
export class UnsupportedRpcEnvelopeVersion extends MessagingError {
  readonly code = 'UNSUPPORTED_RPC_ENVELOPE_VERSION';
  readonly version: string;

  constructor(version: string) {
    super(`RPC envelope version ${version} is not supported`);
    this.version = version;
  }
}

/** The transport URL cannot be read. `url` and the message have its passwords masked. */
export class InvalidTransportURL extends MessagingError {
  readonly code = 'INVALID_TRANSPORT_URL';
  readonly url: string;

  constructor(url: string, reason: string) {
    super(`Invalid transport URL "${url}": ${reason}`);
    this.url = url;
  }
}

/** No driver is registered for the transport URL's scheme, or it cannot work with the URL or its options. */
export class DriverLoadFailure extends MessagingError {
  readonly code = 'DRIVER_LOAD_FAILURE';
  readonly driver: string;

  constructor(driver: string, reason: string, options?: ErrorOptions) {
    super(`Failed to load transport driver "${driver}": ${reason}`, options);
    this.driver = driver;
  }
}

/** What is known about an error raised at the other end. */
export interface RemoteErrorData {
  /** The remote class's name: `ValueError`. */
  excType: string;
  /** The remote class's module: `builtins`. */
  module: string;
  /** The remote error's message. */
  value: string;
  /** Lines, as the remote end formats them. */
  traceback: readonly string[];
  args?: readonly JsonValue[];
  kwargs?: JsonObject;
}

/** The endpoint raised an error whose class is not registered here (`remoteErrors`). */
export class RemoteError extends MessagingError {
  readonly code = 'REMOTE_ERROR';
  readonly excType: string;
  readonly module: string;
  readonly value: string;
  readonly traceback: readonly string[];
  readonly args: readonly JsonValue[];
  readonly kwargs: JsonObject;

  constructor(data: RemoteErrorData) {
    super(`Remote error: ${data.excType} ${data.value}`);
    this.excType = data.excType;
    this.module = data.module;
    this.value = data.value;
    this.traceback = data.traceback;
    this.args = data.args ?? [];
    this.kwargs = data.kwargs ?? {};
  }
}
