import type { RunningRequest } from '../activity.ts';
import { given } from '../collections.ts';
import type { Listener, ListenOptions } from '../drivers/driver.ts';
import { InvalidTarget } from '../errors.ts';
import { checkPrefetch, isWhole } from '../limits.ts';
import type { Logger } from '../logger.ts';
import { MessageHandlingServer } from '../message-handling-server.ts';
import { checkServerNames } from '../names.ts';
import type { Serializer } from '../serializers.ts';
import type { Target } from '../target.ts';
import type { Transport } from '../transport.ts';
import { within } from '../waits.ts';
import type { AnyDefinition, CarriedOf } from './definition.ts';
import { type DispatcherOptions, RPCDispatcher } from './dispatcher.ts';
import type { RpcEndpoint } from './endpoint.ts';
import { RequestHandler } from './request-handler.ts';

/** The wire name of oslo.messaging's ping, which tells whether a server answers on its queues. */
const PING_METHOD = 'oslo_rpc_server_ping';

/** In the root namespace at version 1.0, as oslo.messaging serves it with its option `rpc_ping_enabled`. */
const pingEndpoint = { rpcMethods: [PING_METHOD], osloRpcServerPing: () => 'pong' };

/** How a server takes its requests. */
export type ServingOptions = Omit<ListenOptions, 'signal'>;

/** How a server takes requests and runs them. */
export interface RPCServerOptions extends DispatcherOptions, ServingOptions {
  /** Answers `oslo_rpc_server_ping`, in the root namespace, with 'pong': oslo.messaging's `rpc_ping_enabled`. */
  pingEnabled?: boolean;
}

/** How long (ms) `wait` lets replies be sent once all requests have run: the broker may be away. */
export const REPLY_GRACE = 2_000;

/**
 * Serves endpoints on a target's topic: requests to the topic, shared with its other servers, those to
 * `topic.server`, and those to all servers (fanout).
 *
 * `D`: the APIs it serves. Requests run concurrently. A stopped server can be started again. `wait` also lets the replies be
 * sent; those that cannot be sent soon are left to the transport, which reports them when it is closed.
 */
export class RPCServer<D extends AnyDefinition = AnyDefinition> extends MessageHandlingServer {
  /** For the compiler alone. */
  declare readonly serves?: D;
  readonly target: Target;
  readonly #transport: Transport;
  readonly #options: ServingOptions;
  readonly #handler: RequestHandler;

  /**
   * @throws InvalidTarget when the target lacks topic or server
   * @throws TypeError when an option is out of its range, or a name too long for a broker
   */
  constructor(
    transport: Transport,
    target: Target,
    dispatcher: RPCDispatcher,
    { prefetch, ackPolicy, deliveryLimit }: ServingOptions = {},
  ) {
    super();
    if (target.topic === undefined || target.server === undefined) {
      throw new InvalidTarget("A server's target needs topic and server", target);
    }
    this.#options = given({ prefetch, ackPolicy, deliveryLimit });
    checkOptions(this.#options);
    checkServerNames(target);
    this.target = target;
    this.#transport = transport;
    this.#handler = new RequestHandler(transport, target, dispatcher);
  }

  /** The requests that run at this moment, oldest first: a copy. */
  get running(): readonly RunningRequest[] {
    return this.#handler.requests;
  }

  /**
   * Gives up the requests that still run, for a server whose time to stop is over, and tells which. The `signal` of
   * each fires with a ServerLost; what its method returns later is dropped. With ackPolicy `after`, a request is
   * delivered again, as its next attempt, and so answered by another run of it. Else, and after its last attempt, a
   * call is answered with ServerLost, and a cast has failed. `wait` resolves when that is sent.
   *
   * It may be called before `stop`: requests that come later run as ever.
   */
  cut(): readonly RunningRequest[] {
    return this.#handler.cut();
  }

  protected async handled(): Promise<void> {
    await this.#handler.running.idle();
    await within(REPLY_GRACE, this.#answered());
  }

  async #answered(): Promise<void> {
    await this.#handler.unanswered.idle();
    await this.#transport.driver.flush?.();
  }

  protected listen(signal: AbortSignal): Promise<Listener> {
    return this.#transport.driver.listen(this.target, this.#handler.handle, { ...this.#options, signal });
  }
}

/** @throws TypeError when an option is out of its range */
function checkOptions({ prefetch, ackPolicy, deliveryLimit }: ServingOptions): void {
  checkPrefetch(prefetch, 'requests');
  if (deliveryLimit !== undefined && !isWhole(deliveryLimit, 1, Number.POSITIVE_INFINITY)) {
    throw new TypeError(`deliveryLimit is ${deliveryLimit}, but must be a number of times, at least 1`);
  }
  if (ackPolicy !== undefined && ackPolicy !== 'before' && ackPolicy !== 'after') {
    throw new TypeError(`ackPolicy is ${String(ackPolicy)}, but must be 'before' or 'after'`);
  }
}

/** The given endpoints, and the ping's unless one of them serves it. */
function withPing(endpoints: readonly object[], logger: Logger): readonly object[] {
  const served = endpoints.some((endpoint) => 'osloRpcServerPing' in endpoint);
  if (!served) return [...endpoints, pingEndpoint];
  logger.warn({ method: PING_METHOD }, 'An endpoint serves the RPC ping itself: its answer is its own');
  return endpoints;
}

/** An API whose values JSON alone does not carry needs a serializer. */
type ServerOptionsOf<Carried> = [Carried] extends [never]
  ? [options?: RPCServerOptions]
  : [
      options: RPCServerOptions & {
        serializer: Serializer & { readonly carries?: (value: Carried) => void };
      },
    ];

/**
 * A server of endpoints: each an `endpoint` of an API, or an object whose methods `name(ctxt, args, request)` serve the
 * RPC methods with the snake_case form of their names, and are not checked. A method that returns an AsyncIterable yields
 * several results (see `CallContext.multicall`). See `EndpointOptions` for what else an endpoint can have, and
 * `RpcRequest` for the third argument.
 *
 * @throws InvalidTarget when the target lacks topic or server
 * @throws TypeError when an option is out of its range, or an endpoint's options are not an endpoint's
 */
export function getRpcServer<D extends AnyDefinition>(
  transport: Transport,
  target: Target,
  endpoints: readonly RpcEndpoint<D>[],
  ...options: ServerOptionsOf<CarriedOf<D>>
): RPCServer<D>;
export function getRpcServer<E extends object>(
  transport: Transport,
  target: Target,
  endpoints: [E] extends [RpcEndpoint] ? never : readonly E[],
  options?: RPCServerOptions,
): RPCServer<never>;
export function getRpcServer(
  transport: Transport,
  target: Target,
  endpoints: readonly object[],
  options: RPCServerOptions = {},
): RPCServer {
  const served = options.pingEnabled ? withPing(endpoints, transport.logger) : endpoints;
  return new RPCServer(transport, target, new RPCDispatcher(served, options), options);
}
