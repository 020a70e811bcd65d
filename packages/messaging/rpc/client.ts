import { NoOpSerializer, type Serializer } from '../serializers.ts';
import type { Target } from '../target.ts';
import type { Transport } from '../transport.ts';
import { CallContext } from './call-context.ts';
import type { CallOptions } from './call-options.ts';

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
export class RPCClient extends CallContext {
  /** @throws TypeError when a version or a number in the options is not one, or out of its range */
  constructor(
    transport: Transport,
    target: Target,
    { serializer = new NoOpSerializer(), ...options }: RPCClientOptions = {},
  ) {
    super(transport, target, serializer, options);
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
