import {
  InvalidTarget,
  MessageDeliveryFailure,
  MessageTooLarge,
  MessageUndeliverable,
  MessagingTimeout,
  NoSuchMethod,
  Overloaded,
  RemoteError,
  ReplyTooLarge,
  RequestCut,
  RequestRefused,
  RPCVersionCapError,
  ServerLost,
  UnsupportedRpcEnvelopeVersion,
  UnsupportedVersion,
} from './errors.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** An error as it travels, with the field names of oslo.messaging. */
export interface Failure {
  class: string;
  module: string;
  message: string;
  /** The traceback's lines, each with its newline. */
  tb: string[];
  /** What a Python peer passes to the class's constructor. */
  args: JsonValue[];
  kwargs: JsonObject;
}

/** How an error class travels, and how it is rebuilt. */
export interface RemoteErrorType {
  /** The Python module under which both ends know the class: `nova.exception`. */
  module: string;
  class: string;
  type: abstract new (...args: never[]) => Error;
  /** The error's data fields. Default: none. */
  toKwargs?: (error: Error) => JsonObject;
  /** Rebuilds an error that arrived. Without it the class only leaves, and arrives as RemoteError. */
  fromFailure?: (failure: Failure) => Error;
}

/**
 * The error classes that keep their type across a call. Being registered also says that an error is expected:
 * a server logs it in one quiet line, while others are logged as bugs, with their stack.
 */
class RemoteErrorRegistry {
  readonly #byName = new Map<string, RemoteErrorType>();
  readonly #byType = new Map<unknown, RemoteErrorType>();

  /** Idempotent: registering a name or a class again replaces what it had. */
  register(entry: RemoteErrorType): void {
    const name = wireName(entry.module, entry.class);
    const previous = this.#byName.get(name);
    if (previous !== undefined) this.#byType.delete(previous.type);
    this.#byName.set(name, entry);
    this.#byType.set(entry.type, entry);
  }

  /** The entry of a wire name. */
  byName(module: string, className: string): RemoteErrorType | undefined {
    return this.#byName.get(wireName(module, className));
  }

  /** The entry of an error's class, or of the nearest class it extends. */
  byError(error: Error): RemoteErrorType | undefined {
    for (let proto: object = Object.getPrototypeOf(error); proto; proto = Object.getPrototypeOf(proto)) {
      const entry = this.#byType.get(proto.constructor);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }
}

function wireName(module: string, className: string): string {
  return `${module}.${className}`;
}

const OSLO_DISPATCHER = 'oslo_messaging.rpc.dispatcher';
const OSLO_EXCEPTIONS = 'oslo_messaging.exceptions';
/** Of what oslo.messaging has no class for. */
const OWN_MODULE = 'mini_nova.messaging';

/** Whether the module is one of the errors that are part of RPC, which arrive whatever a transport allows. */
export function isRpcModule(module: string): boolean {
  return module === OWN_MODULE || module.startsWith('oslo_messaging.');
}

/**
 * Ours under oslo.messaging's names, where there is one. A timeout or a delivery failure met by the *remote* end must not look like
 * one of this end, so those arrive as RemoteError.
 */
const OWN_ERRORS: readonly RemoteErrorType[] = [
  {
    module: OSLO_DISPATCHER,
    class: 'NoSuchMethod',
    type: NoSuchMethod,
    fromFailure: ({ message }) => {
      const [, method = message] = /RPC method (\S+)/.exec(message) ?? [];
      return new NoSuchMethod(method);
    },
  },
  {
    module: OSLO_DISPATCHER,
    class: 'UnsupportedVersion',
    type: UnsupportedVersion,
    fromFailure: ({ message }) => {
      const [, version = message, method] =
        /RPC version (\S+?)(?:\. Attempted method: (\S+))?$/.exec(message) ?? [];
      return new UnsupportedVersion(version, method);
    },
  },
  { module: OSLO_EXCEPTIONS, class: 'MessagingTimeout', type: MessagingTimeout },
  { module: OSLO_EXCEPTIONS, class: 'MessageDeliveryFailure', type: MessageDeliveryFailure },
  { module: OSLO_EXCEPTIONS, class: 'MessageUndeliverable', type: MessageUndeliverable },
  { module: OSLO_EXCEPTIONS, class: 'InvalidTarget', type: InvalidTarget },
  { module: 'oslo_messaging.rpc.client', class: 'RPCVersionCapError', type: RPCVersionCapError },
  {
    module: 'oslo_messaging._drivers.common',
    class: 'UnsupportedRpcEnvelopeVersion',
    type: UnsupportedRpcEnvelopeVersion,
  },
  {
    module: OWN_MODULE,
    class: 'ServerLost',
    type: RequestCut,
    fromFailure: ({ message }) => new ServerLost(message),
  },
  {
    module: OWN_MODULE,
    class: 'MessageTooLarge',
    type: ReplyTooLarge,
    fromFailure: ({ message }) => {
      const [size = 0, limit = 0] = (message.match(/\d+(?= bytes|$)/g) ?? []).map(Number);
      return new MessageTooLarge({ what: 'The reply', size, limit });
    },
  },
  {
    module: OWN_MODULE,
    class: 'Overloaded',
    type: RequestRefused,
    toKwargs: (error) => {
      const { what, limit, unit, retryAfter = null } = error as RequestRefused;
      return { what, limit, unit, retry_after: retryAfter };
    },
    fromFailure: ({ kwargs: { what, limit, retry_after } }) =>
      new Overloaded({
        what: String(what),
        limit: Number(limit),
        unit: 'requests',
        retryAfter: typeof retry_after === 'number' ? retry_after : undefined,
      }),
  },
];

/** The process's registry. */
export const remoteErrors = new RemoteErrorRegistry();
for (const entry of OWN_ERRORS) remoteErrors.register(entry);

const markedExpected = new WeakSet<Error>();

/** Says of an unregistered error that it is part of the service, not a bug. Returns it, to be thrown. */
export function markExpected<E extends Error>(error: E): E {
  markedExpected.add(error);
  return error;
}

/** Whether the error is registered, marked as expected, or came from the other end of a call as RemoteError. */
export function isExpectedError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    markedExpected.has(error) || error instanceof RemoteError || remoteErrors.byError(error) !== undefined
  );
}
