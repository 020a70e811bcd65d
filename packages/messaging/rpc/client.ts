import { NoOpSerializer, type RpcContext, type Serializer } from '../serializers.ts';
import type { Target } from '../target.ts';
import type { Transport } from '../transport.ts';
import { CallContext } from './call-context.ts';
import type { CallOptions, PrepareOptions } from './call-options.ts';
import type { AnyContract, ArgumentsOf, CallResult, MulticallResult, RpcContract } from './contract.ts';

/** How a client sends; each call can change it with `prepare`. Times in seconds. */
export interface RPCClientOptions extends CallOptions {
  /** Default: NoOpSerializer. */
  serializer?: Serializer;
}

/**
 * Invokes methods on the servers of a topic.
 *
 *     const client = new RPCClient<EchoContract>(transport, new Target({ topic: 'echo', version: '1.0' }));
 *     await client.call(ctxt, 'echo', { text: 'hello' });
 *     await client.prepare({ server: 'host1', timeout: 5 }).cast(ctxt, 'note', { text: 'hello' });
 */
export class RPCClient<C extends RpcContract<C> = AnyContract> {
  readonly target: Target;
  readonly #context: CallContext<C>;

  /** @throws TypeError when a version or a number in the options is not one, or out of its range */
  constructor(transport: Transport, target: Target, options: RPCClientOptions = {}) {
    const { serializer = new NoOpSerializer(), ...callOptions } = options;
    this.target = target;
    this.#context = new CallContext<C>(transport, target, serializer, callOptions);
  }

  /** A call context that differs in the given parts; the client stays as it is. */
  prepare(options: PrepareOptions): CallContext<C> {
    return this.#context.prepare(options);
  }

  /** See `CallContext.call`. */
  call<M extends keyof C & string>(
    ctxt: RpcContext,
    method: M,
    ...args: ArgumentsOf<C[M]['args']>
  ): Promise<CallResult<C[M]['result']>> {
    return this.#context.call(ctxt, method, ...args);
  }

  /** See `CallContext.multicall`. */
  multicall<M extends keyof C & string>(
    ctxt: RpcContext,
    method: M,
    ...args: ArgumentsOf<C[M]['args']>
  ): AsyncGenerator<MulticallResult<C[M]['result']>, void, undefined> {
    return this.#context.multicall(ctxt, method, ...args);
  }

  /** See `CallContext.cast`. */
  cast<M extends keyof C & string>(
    ctxt: RpcContext,
    method: M,
    ...args: ArgumentsOf<C[M]['args']>
  ): Promise<void> {
    return this.#context.cast(ctxt, method, ...args);
  }

  /** Whether the version cap lets a message of this version out; default: of the client's target. */
  canSendVersion(version?: string): boolean {
    return this.#context.canSendVersion(version);
  }
}

/**
 * Makes clients with the transport and the serializer of its service: what rpcapi classes take. `Carried`: what the
 * serializer carries beside JSON.
 */
export interface ClientFactory<Carried = never> {
  /** For the compiler alone. */
  readonly carries?: (value: Carried) => void;
  getClient<C extends RpcContract<C> = AnyContract>(target: Target, options?: RPCClientOptions): RPCClient<C>;
}

/** A client, as `new RPCClient`. @throws TypeError as there */
export function getRpcClient<C extends RpcContract<C> = AnyContract>(
  transport: Transport,
  target: Target,
  options: RPCClientOptions = {},
): RPCClient<C> {
  return new RPCClient<C>(transport, target, options);
}
