import { NoOpSerializer, type RpcContext, type Serializer } from '../serializers.ts';
import type { Target } from '../target.ts';
import type { Transport } from '../transport.ts';
import { CallContext } from './call-context.ts';
import type { CallOptions, PrepareOptions } from './call-options.ts';

/** How a client sends; each call can change it with `prepare`. Times in seconds. */
export interface RPCClientOptions extends CallOptions {
  /** Default: NoOpSerializer. */
  serializer?: Serializer;
}

/**
 * Invokes methods on the servers of a topic, by their names on the wire. For an API that has a definition see `clientOf`.
 *
 *     const client = new RPCClient(transport, new Target({ topic: 'echo', version: '1.0' }));
 *     await client.call(ctxt, 'echo', { text: 'hello' });
 *     await client.prepare({ server: 'host1', timeout: 5 }).cast(ctxt, 'note', { text: 'hello' });
 */
export class RPCClient {
  readonly target: Target;
  readonly #context: CallContext;

  /** @throws TypeError when a version or a number in the options is not one, or out of its range */
  constructor(transport: Transport, target: Target, options: RPCClientOptions = {}) {
    const { serializer = new NoOpSerializer(), ...callOptions } = options;
    this.target = target;
    this.#context = new CallContext(transport, target, serializer, callOptions);
  }

  /** A call context that differs in the given parts; the client stays as it is. */
  prepare(options: PrepareOptions): CallContext {
    return this.#context.prepare(options);
  }

  /** See `CallContext.call`. */
  call(ctxt: RpcContext, method: string, args: object = {}): Promise<unknown> {
    return this.#context.call(ctxt, method, args);
  }

  /** See `CallContext.multicall`. */
  multicall(ctxt: RpcContext, method: string, args: object = {}): AsyncGenerator<unknown, void, undefined> {
    return this.#context.multicall(ctxt, method, args);
  }

  /** See `CallContext.cast`. */
  cast(ctxt: RpcContext, method: string, args: object = {}): Promise<void> {
    return this.#context.cast(ctxt, method, args);
  }

  /** Whether the version cap lets a message of this version out; default: of the client's target. */
  canSendVersion(version?: string): boolean {
    return this.#context.canSendVersion(version);
  }
}

/**
 * Makes clients with its service's transport and serializer; rpcapi classes take it. `Carried`: what the serializer
 * carries besides JSON.
 */
export interface ClientFactory<Carried = never> {
  /** Only for the compiler. */
  readonly carries?: (value: Carried) => void;
  getClient(target: Target, options?: RPCClientOptions): RPCClient;
}

/** A client, as `new RPCClient`. @throws TypeError as there */
export function getRpcClient(
  transport: Transport,
  target: Target,
  options: RPCClientOptions = {},
): RPCClient {
  return new RPCClient(transport, target, options);
}
