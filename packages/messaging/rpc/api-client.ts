import type { RpcContext } from '../serializers.ts';
import { Transport } from '../transport.ts';
import type { CallContext } from './call-context.ts';
import type { CallOptions } from './call-options.ts';
import { type ClientFactory, RPCClient, type RPCClientOptions } from './client.ts';
import type { MethodTypes, RpcDefinition, RpcMethod, RpcMethods, TypesOf } from './definition.ts';

/** How one call is sent. Times in seconds. */
export type OneCallOptions = Omit<CallOptions, 'versionCap'>;

/** How one cast is sent. */
export type OneCastOptions = Pick<CallOptions, 'retry' | 'signal'>;

/** The methods by which an API is called: `(ctxt, args, options)`, with the server's name before `args` if it is named. */
export type ClientOf<D extends { methods: unknown }> = ClientMethods<D['methods']>;

type ClientMethods<M> = { -readonly [K in keyof M]: ClientMethod<TypesOf<M[K]>> };

type ClientMethod<T extends MethodTypes> = (
  ctxt: RpcContext,
  ...request: [...ServerName<T>, ...Arguments<SentArgs<T>>, options?: Options<T>]
) => Sent<T>;

type ServerName<T extends MethodTypes> = T['to'] extends 'server' ? [server: string] : [];
type Arguments<Args extends object> = Record<never, never> extends Args ? [args?: Args] : [args: Args];
type SentArgs<T extends MethodTypes> = [T['defaulted']] extends [never]
  ? T['args']
  : Flat<Omit<T['args'], T['defaulted']> & Partial<Pick<T['args'], T['defaulted'] & keyof T['args']>>>;
/** One object type of several, which an editor shows as such. */
type Flat<T> = { [K in keyof T]: T[K] } & {};
type Options<T extends MethodTypes> = T['kind'] extends 'cast' ? OneCastOptions : OneCallOptions;
type Sent<T extends MethodTypes> = T['kind'] extends 'stream'
  ? AsyncGenerator<T['result'], void, undefined>
  : Promise<T['result']>;

/** How all calls of a client are sent, and what is done around them. */
export interface ApiClientOptions extends RPCClientOptions {
  /** Default: the definition's. */
  topic?: string;
  /** The one server of the topic that is meant where the definition says any. */
  server?: string;
  /** Sends a call or a cast, once or more often, and returns what the sending returns. Default: once. */
  around?: AroundSend;
}

/** @param send sends once more each time it is called */
export type AroundSend = <T>(method: RpcMethod, send: () => Promise<T>) => Promise<T>;

/** A class of clients of one API. */
export type ClientClass<M, Carried> = new (
  rpc: [Carried] extends [never] ? ClientFactory | Transport : ClientFactory<Carried>,
  options?: ApiClientOptions,
) => ClientMethods<M>;

/**
 * The class of an API's clients, to be extended or used as it is:
 *
 *     class EchoAPI extends clientOf(echoRpc) {}
 *     await new EchoAPI(transport).echo(ctxt, { text: 'hello' }, { timeout: 5 });
 *
 * A message has the version that introduced its method, so that a client with a `versionCap` sends what an older server
 * understands, and throws RPCVersionCapError for the rest.
 */
export function clientOf<M extends RpcMethods, Carried>(
  definition: RpcDefinition<M, Carried>,
): ClientClass<M, Carried> {
  class ApiClient {
    readonly #sender: Sender;

    constructor(rpc: ClientFactory | Transport, options?: ApiClientOptions) {
      this.#sender = new Sender(definition, rpc, options);
    }

    static {
      for (const [name, method] of Object.entries<RpcMethod>(definition.methods)) {
        const value = function (this: ApiClient, ctxt: RpcContext, ...request: unknown[]): unknown {
          return this.#sender.send(method, ctxt, request);
        };
        Object.defineProperty(value, 'name', { value: name });
        Object.defineProperty(ApiClient.prototype, name, { value, configurable: true, writable: true });
      }
    }
  }
  return ApiClient as unknown as ClientClass<M, Carried>;
}

type Args = { [name: string]: unknown };

/** Sends the requests of one client. */
class Sender {
  readonly #client: RPCClient;
  readonly #around: AroundSend;
  /** By version: for requests to any server, with the client's options. */
  readonly #contexts = new Map<string, CallContext>();

  constructor(
    { target }: RpcDefinition,
    rpc: ClientFactory | Transport,
    { topic, server, around = (_method, send) => send(), ...options }: ApiClientOptions = {},
  ) {
    const own = target.with({ topic, server });
    this.#client = rpc instanceof Transport ? new RPCClient(rpc, own, options) : rpc.getClient(own, options);
    this.#around = around;
  }

  send(method: RpcMethod, ctxt: RpcContext, request: unknown[]): unknown {
    if (method.kind !== 'stream') return this.#send(method, ctxt, request);
    const { context, args } = this.#prepare(method, request);
    return context.multicall(ctxt, method.wireName, args);
  }

  /** What cannot be sent is told as all other errors are: the promise rejects. */
  async #send(method: RpcMethod, ctxt: RpcContext, request: unknown[]): Promise<unknown> {
    const { context, args } = this.#prepare(method, request);
    const { kind, wireName } = method;
    return this.#around<unknown>(method, () =>
      kind === 'cast' ? context.cast(ctxt, wireName, args) : context.call(ctxt, wireName, args),
    );
  }

  /** @param request the server if the caller names it, arguments, options */
  #prepare(method: RpcMethod, request: unknown[]): { context: CallContext; args: Args } {
    const { since, to } = method;
    const named = to === 'server' ? [request[0] as string] : [];
    const [given = {}, options] = request.slice(named.length) as [Args?, OneCallOptions?];
    const args = withDefaults(given, method);
    const [server = typeof to === 'function' ? to(args as never) : undefined] = named;
    const context = this.#contextOf(since);
    if (server === undefined && to !== 'fanout' && options === undefined) return { context, args };
    const fanout = to === 'fanout' ? true : undefined;
    return { context: context.prepare({ ...options, server, fanout }), args };
  }

  #contextOf(version: string): CallContext {
    const known = this.#contexts.get(version);
    if (known !== undefined) return known;
    const context = this.#client.prepare({ version });
    this.#contexts.set(version, context);
    return context;
  }
}

/** In the order of the definition, where it says one. */
function withDefaults(given: Args, { defaults }: RpcMethod): Args {
  const args = { ...given };
  for (const [name, value] of Object.entries(defaults)) {
    if (args[name] === undefined) args[name] = typeof value === 'function' ? value(args) : value;
  }
  return args;
}
