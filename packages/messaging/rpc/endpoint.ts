import { markExpected } from '../remote-errors.ts';
import { Target } from '../target.ts';
import type { AnyDefinition, CarriedOf, EndpointOf, RpcMethod } from './definition.ts';
import type { RpcRequest } from './request.ts';
import { DEFAULT_VERSION, isCompatible, parseVersion } from './version-cap.ts';

/**
 * Which of an endpoint's methods can be called from outside:
 * - `legacy`: all
 * - `default`: those whose wire name has no leading underscore
 * - `explicit`: those that the endpoint names in `rpcMethods`
 */
export type AccessPolicy = 'legacy' | 'default' | 'explicit';

const ALLOWS: Record<AccessPolicy, (wireName: string, rpcMethods: readonly string[]) => boolean> = {
  legacy: () => true,
  default: (wireName) => !wireName.startsWith('_'),
  explicit: (wireName, rpcMethods) => rpcMethods.includes(wireName),
};

/** @throws TypeError when there is no such policy: it would refuse every method */
export function checkAccessPolicy(policy: AccessPolicy): AccessPolicy {
  if (Object.hasOwn(ALLOWS, policy)) return policy;
  throw new TypeError(`accessPolicy is ${String(policy)}, but must be 'legacy', 'default' or 'explicit'`);
}

/** A class of errors: what `instanceof` takes. */
export type ErrorClass = abstract new (...args: never[]) => Error;

/** What an endpoint may have besides its methods. All of it is read once, by the server. */
export interface EndpointOptions {
  /** Its namespace, version and legacy namespaces. Default: the root namespace, version 1.0. */
  readonly target?: Target;
  /** The wire names that the `explicit` access policy serves. */
  readonly rpcMethods?: readonly string[];
  /**
   * Errors that its methods throw as part of their service, subclasses included: logged in one quiet line, as
   * oslo.messaging's `expected_exceptions`. Registered ones (`remoteErrors`) need not be named.
   */
  readonly expectedErrors?: readonly ErrorClass[];
}

export type EndpointMethod = (ctxt: object, args: object, request: RpcRequest) => unknown;

/** What serves an API: made by `endpoint`, which has checked it. */
export class RpcEndpoint<D extends AnyDefinition = AnyDefinition> {
  readonly rpc: D;
  readonly implementation: object;
  /** For the compiler alone: what the server's serializer has to carry. */
  declare readonly carried?: CarriedOf<D>;

  constructor(rpc: D, implementation: EndpointOf<D, never>) {
    this.rpc = rpc;
    this.implementation = implementation;
  }
}

/**
 * Says that an object serves an API: it has all of its methods, and nothing else of it can be called from outside. It may
 * have `expectedErrors`, see `EndpointOptions`.
 *
 *     getRpcServer(transport, target, [endpoint(echoRpc, new Echo())])
 */
export function endpoint<D extends AnyDefinition>(
  rpc: D,
  implementation: EndpointOf<D, never> & Pick<EndpointOptions, 'expectedErrors'>,
): RpcEndpoint<D> {
  return new RpcEndpoint(rpc, implementation);
}

/** Finds the name of the method for a wire name; undefined when there is none that may be called. */
type MethodNames = (wireName: string, policy: AccessPolicy) => string | undefined;

/** Names that are never methods of an endpoint, besides what every object has. */
const RESERVED = new Set(['target', 'rpcMethods', 'expectedErrors']);

/** An object whose methods a server exposes, as the dispatcher sees it. */
export class Endpoint {
  readonly #object: object;
  readonly #namespaces: readonly (string | null)[];
  readonly #version: string;
  #understood: string | undefined;
  readonly #nameOf: MethodNames;
  readonly #expectedErrors: readonly ErrorClass[];

  /**
   * @throws TypeError when `target`, `rpcMethods` or `expectedErrors` is something else than an endpoint's, or a method
   *   of its API is missing
   */
  constructor(object: object & EndpointOptions) {
    if ((typeof object !== 'object' && typeof object !== 'function') || object === null) {
      throw new TypeError(`An endpoint is an object with methods, not ${String(object)}`);
    }
    const { implementation, target, nameOf } =
      object instanceof RpcEndpoint ? definedParts(object) : plainParts(object);
    const { expectedErrors = [] } = implementation;
    if (!Array.isArray(expectedErrors) || !expectedErrors.every(isClass)) {
      throw new TypeError(
        `${describe(implementation)}: "expectedErrors" is reserved for a list of error classes`,
      );
    }
    this.#object = implementation;
    this.#namespaces = target.acceptedNamespaces;
    this.#version = target.version ?? DEFAULT_VERSION;
    this.#nameOf = nameOf;
    this.#expectedErrors = expectedErrors;
  }

  accepts(namespace: string | null, version: string): boolean {
    return this.#namespaces.includes(namespace) && this.#understands(version);
  }

  /** Most messages have the version of the one before. */
  #understands(version: string): boolean {
    if (version === this.#understood) return true;
    if (!isCompatible(this.#version, version)) return false;
    this.#understood = version;
    return true;
  }

  /** The method of a wire name, bound; undefined when there is none, or it may not be called. */
  method(wireName: string, policy: AccessPolicy): EndpointMethod | undefined {
    const name = this.#nameOf(wireName, policy);
    const method = name === undefined ? undefined : findMethod(this.#object, name);
    return method && ((ctxt, args, request) => method.call(this.#object, ctxt, args, request));
  }

  /** The error, marked as expected if the endpoint says so. */
  judge(error: unknown): unknown {
    const isExpected = this.#expectedErrors.some((type) => error instanceof type);
    return isExpected && error instanceof Error ? markExpected(error) : error;
  }
}

interface EndpointParts {
  implementation: object & EndpointOptions;
  target: Target;
  nameOf: MethodNames;
}

/** Of an API: its methods, and no others. @throws TypeError when one is missing */
function definedParts({ rpc, implementation }: RpcEndpoint): EndpointParts {
  const names = new Map<string, string>();
  for (const [name, { wireName }] of Object.entries<RpcMethod>(rpc.methods)) {
    if (findMethod(implementation, name) === undefined) {
      throw new TypeError(`${describe(implementation)} has no method ${name}, which its API has`);
    }
    names.set(wireName, name);
  }
  return { implementation, target: rpc.target, nameOf: (wireName) => names.get(wireName) };
}

/** Of an object without a definition: what the policy allows. @throws TypeError */
function plainParts(object: object & EndpointOptions): EndpointParts {
  const { target = new Target(), rpcMethods = [] } = object;
  if (!(target instanceof Target)) {
    throw new TypeError(`${describe(object)}: "target" is reserved for the endpoint's Target`);
  }
  if (target.version !== undefined && parseVersion(target.version) === undefined) {
    throw new TypeError(`${describe(object)}: version "${target.version}" is not <major>.<minor>`);
  }
  if (!Array.isArray(rpcMethods)) {
    throw new TypeError(`${describe(object)}: "rpcMethods" is reserved for a list of wire names`);
  }
  const nameOf: MethodNames = (wireName, policy) => {
    if (!ALLOWS[policy](wireName, rpcMethods)) return undefined;
    const name = camelCase(wireName);
    // `constructor`, `toString` and the like are no RPC methods, not even when a class overrides them.
    if (name in Object.prototype || RESERVED.has(name)) return undefined;
    return policy === 'default' && name.startsWith('_') ? undefined : name;
  };
  return { implementation: object, target, nameOf };
}

/** The method of a plain object for a wire name; leading underscores stay. */
export function camelCase(wireName: string): string {
  if (!wireName.includes('_')) return wireName;
  return wireName.replace(/(?<=[^_])_+([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

/** A property that holds a function. Accessors are not run: reading one must not be something a peer can cause. */
function findMethod(object: object, name: string): EndpointMethod | undefined {
  for (let holder: object | null = object; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (holder === Object.prototype || holder === Function.prototype) return undefined;
    const property = Object.getOwnPropertyDescriptor(holder, name);
    if (property !== undefined) return typeof property.value === 'function' ? property.value : undefined;
  }
  return undefined;
}

/** What `instanceof` takes. */
function isClass(type: unknown): boolean {
  return typeof type === 'function' && typeof type.prototype === 'object';
}

function describe(object: object): string {
  return `Endpoint ${object.constructor?.name ?? 'object'}`;
}
