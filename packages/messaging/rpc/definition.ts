import type { CarriedBy, Serializer } from '../serializers.ts';
import { Target } from '../target.ts';
import type { RpcRequest } from './request.ts';
import type { TravellingParts, Travels } from './travels.ts';
import { DEFAULT_VERSION, isCompatible } from './version-cap.ts';

/** A type as a value, for a definition; empty at run time. */
export interface TypeMark<T> {
  readonly mark?: (value: T) => T;
}

const MARK = Object.freeze({});

/** `args: type<{ text: string }>()` */
export function type<T>(): TypeMark<T> {
  return MARK;
}

/**
 * Who gets a request: one of the topic's servers, the server that the caller names, all of them (casts only), or the
 * server that follows from the arguments.
 */
export type Destination<Args = never> = 'topic' | 'server' | 'fanout' | ((args: Args) => string);

/** How requests are sent: for a result, for none, or for several. */
export type RpcKind = 'call' | 'cast' | 'stream';

/** What the compiler knows about a method. */
export interface MethodTypes {
  kind: RpcKind;
  wireName: string;
  args: object;
  result: unknown;
  to: Destination;
  /** The arguments that a caller may leave out, as they have defaults. */
  defaulted: PropertyKey;
}

/** One method of an RPC API; made by `call`, `cast` and `stream`. */
export interface RpcMethod<T extends MethodTypes = MethodTypes> {
  readonly kind: T['kind'];
  readonly wireName: T['wireName'];
  /** The version that introduced it: that of its messages. */
  readonly since: string;
  readonly to: Destination;
  /** By argument: its value, or how it follows from the others. */
  readonly defaults: { readonly [argument: string]: unknown };
  /** Whether it may be sent again when it is unknown whether it has run. */
  readonly idempotent: boolean;
  /** For the compiler alone. */
  readonly types?: T;
}

/** The definition of a method. */
export interface MethodOptions<Args, To, Defaulted extends keyof Args> {
  /** The version of the API that introduced it, which its messages ask for. */
  since: `${number}.${number}`;
  to: To;
  /** Default: it has none. */
  args?: TypeMark<Args>;
  /**
   * What is sent for an argument that the caller leaves out: a value, or a function of the arguments, including
   * earlier defaults.
   */
  defaults?: { [K in Defaulted]: Args[K] | ((args: Args) => Args[K]) };
  /** Whether it may be sent again when it is unknown whether it has run. Default false. */
  idempotent?: boolean;
}

// biome-ignore lint/complexity/noBannedTypes: the arguments of a method that has none
type NoArguments = {};

/** A method whose caller waits for its result; without `result`, for its end. */
export function call<
  const W extends string,
  const To extends Exclude<Destination<Args>, 'fanout'>,
  Args extends object = NoArguments,
  Result = undefined,
  Defaulted extends keyof Args = never,
>(
  wireName: W,
  options: MethodOptions<Args, To, Defaulted> & { result?: TypeMark<Result> },
): RpcMethod<
  NoInfer<{ kind: 'call'; wireName: W; args: Args; result: Result; to: To; defaulted: Defaulted }>
> {
  return method('call', wireName, options);
}

/** A method that nobody waits for. */
export function cast<
  const W extends string,
  const To extends Destination<Args>,
  Args extends object = NoArguments,
  Defaulted extends keyof Args = never,
>(
  wireName: W,
  options: MethodOptions<Args, To, Defaulted>,
): RpcMethod<
  NoInfer<{ kind: 'cast'; wireName: W; args: Args; result: undefined; to: To; defaulted: Defaulted }>
> {
  return method('cast', wireName, options);
}

/** A method whose caller gets several results, one after another. `result`: each of them. */
export function stream<
  const W extends string,
  const To extends Exclude<Destination<Args>, 'fanout'>,
  Result,
  Args extends object = NoArguments,
  Defaulted extends keyof Args = never,
>(
  wireName: W,
  options: MethodOptions<Args, To, Defaulted> & { result: TypeMark<Result> },
): RpcMethod<
  NoInfer<{ kind: 'stream'; wireName: W; args: Args; result: Result; to: To; defaulted: Defaulted }>
> {
  return method('stream', wireName, options);
}

function method<T extends MethodTypes>(
  kind: T['kind'],
  wireName: T['wireName'],
  { since, to, defaults = {}, idempotent = false }: MethodOptions<T['args'], Destination, never>,
): RpcMethod<T> {
  return Object.freeze({ kind, wireName, since, to, defaults, idempotent });
}

/** The methods of an RPC API, by their names in TypeScript. */
export type RpcMethods = { readonly [name: string]: RpcMethod };

/** An RPC API, said once: both ends are made of it, or checked against it. See `defineRpc`. */
export interface RpcDefinition<M = RpcMethods, Carried = never> {
  /** Topic and namespace, and the version that servers have. */
  readonly target: Target;
  readonly methods: M;
  /** For the compiler alone. */
  readonly carries?: (value: Carried) => void;
}

/** The definition of an API as a whole. */
export interface RpcApiOptions<S extends Serializer> {
  /** Of its clients. Default: they say it themselves. */
  topic?: string;
  /** Default: the root namespace. */
  namespace?: string;
  /** The newest that servers understand: at least the `since` of each method. Default 1.0. */
  version?: `${number}.${number}`;
  /** See `Target`. */
  legacyNamespaces?: readonly (string | null)[];
  /** The class of serializer that both ends need. Default: any that carries JSON. */
  serializer?: abstract new (
    ...args: never[]
  ) => S;
}

/**
 * Says an RPC API. The keys are the methods of clients and servers, and belong to the wire names: `countWords` to
 * `count_words`. Arguments and results are what JSON, or the serializer, can carry.
 *
 *     const echoRpc = defineRpc({ topic: 'echo', version: '1.1' }, {
 *       echo: call('echo', { since: '1.0', to: 'topic', args: type<{ text: string }>(), result: type<string>() }),
 *       forget: cast('forget', { since: '1.1', to: 'fanout' }),
 *     });
 *
 * @throws TypeError when a method is newer than the API, has a name that every object has, or another's wire name
 */
export function defineRpc<const M extends RpcMethods, S extends Serializer = Serializer>(
  { serializer: _, version = DEFAULT_VERSION, ...target }: RpcApiOptions<S>,
  methods: M & CheckedMethods<M, CarriedBy<S>>,
): RpcDefinition<M, CarriedBy<S>> {
  const wireNames = new Set<string>();
  for (const [name, { wireName, since }] of Object.entries<RpcMethod>(methods)) {
    if (name in Object.prototype) throw new TypeError(`Every object has ${name}: it cannot be a method`);
    if (!isCompatible(version, since)) {
      throw new TypeError(`${name} is said to be since ${since}, but the API has version ${version}`);
    }
    if (wireNames.has(wireName)) throw new TypeError(`Two methods have the wire name ${wireName}`);
    wireNames.add(wireName);
  }
  return Object.freeze({ target: new Target({ ...target, version }), methods });
}

/** The types that correct methods would have. */
type CheckedMethods<M, Carried> = {
  [K in keyof M]: M[K] extends RpcMethod<infer T> ? CheckedMethod<K, T, Carried> : never;
};

type CheckedMethod<K, T extends MethodTypes, Carried> = RpcMethod<{
  kind: T['kind'];
  wireName: CamelCase<T['wireName']> extends K ? T['wireName'] : BelongsTo<CamelCase<T['wireName']>>;
  args: TravellingParts<T['args'], Carried>;
  result: [T['result']] extends [undefined] ? T['result'] : Travels<T['result'], Carried>;
  to: T['to'];
  defaulted: T['defaulted'];
}>;

/** In the place of a wire name under a key that is not its own. */
type BelongsTo<Key extends string> = string & { readonly belongsTo: Key };

/** `select_destinations` -> `selectDestinations`; leading underscores stay. */
export type CamelCase<S extends string> = S extends `_${infer Rest}`
  ? `_${CamelCase<Rest>}`
  : S extends `${infer Head}_${infer Tail}`
    ? `${Head}${Capitalize<CamelCase<Tail>>}`
    : S;

/** The arguments of a method, as its server gets them: `ArgsOf<typeof echoRpc, 'echo'>`. */
export type ArgsOf<D extends AnyDefinition, K extends keyof D['methods']> = TypesOf<D['methods'][K]>['args'];

/** What a method's caller gets. */
export type ResultOf<D extends AnyDefinition, K extends keyof D['methods']> = TypesOf<
  D['methods'][K]
>['result'];

/** What an API's serializer carries beside JSON. */
export type CarriedOf<D> = D extends { readonly carries?: (value: infer C) => void } ? C : never;

/** Any definition. */
export type AnyDefinition = RpcDefinition<RpcMethods, never>;

export type TypesOf<M> = M extends RpcMethod<infer T> ? T : never;

/** The methods that serve an API, with contexts of type `Ctxt`. */
export type EndpointOf<D extends AnyDefinition, Ctxt = unknown> = ServedMethods<D['methods'], Ctxt>;

type ServedMethods<M, Ctxt> = {
  -readonly [K in keyof M]: (
    ctxt: Ctxt,
    args: TypesOf<M[K]>['args'],
    request: RpcRequest,
  ) => Served<TypesOf<M[K]>>;
};

type Served<T extends MethodTypes> = T['kind'] extends 'stream'
  ? AsyncIterable<T['result']>
  : [T['result']] extends [undefined]
    ? Promise<void> | Promise<null> | void | null
    : Promise<T['result']> | T['result'];
