import { Target } from '../target.ts';
import { type AccessPolicy, isAllowed } from './access-policy.ts';
import { camelCase } from './contract.ts';
import { DEFAULT_VERSION, isCompatible } from './version-cap.ts';

/** What an object may have, beside its methods, to be an endpoint. Both parts are read once, by the server. */
export interface EndpointOptions {
  /** Its namespace, version and legacy namespaces. Default: the root namespace, version 1.0. */
  readonly target?: Target;
  /** The wire names that the `explicit` access policy serves. */
  readonly rpcMethods?: readonly string[];
}

export type EndpointMethod = (ctxt: object, args: object) => unknown;

/** Names that are never methods of an endpoint, besides what every object has. */
const RESERVED = new Set(['target', 'rpcMethods']);

/** An object whose methods a server exposes, as the dispatcher sees it. */
export class Endpoint {
  readonly #object: object;
  readonly #namespaces: readonly (string | null)[];
  readonly #version: string;
  readonly #rpcMethods: readonly string[];

  /** @throws TypeError when `target` or `rpcMethods` is something else than an endpoint's */
  constructor(object: object & EndpointOptions) {
    const { target = new Target(), rpcMethods = [] } = object;
    if (!(target instanceof Target)) {
      throw new TypeError(`${describe(object)}: "target" is reserved for the endpoint's Target`);
    }
    if (!Array.isArray(rpcMethods)) {
      throw new TypeError(`${describe(object)}: "rpcMethods" is reserved for a list of wire names`);
    }
    this.#object = object;
    this.#namespaces = target.acceptedNamespaces;
    this.#version = target.version ?? DEFAULT_VERSION;
    this.#rpcMethods = rpcMethods;
  }

  accepts(namespace: string | null, version: string): boolean {
    return this.#namespaces.includes(namespace) && isCompatible(this.#version, version);
  }

  /** The method of a wire name, bound; undefined when there is none, or the policy forbids it. */
  method(wireName: string, policy: AccessPolicy): EndpointMethod | undefined {
    if (!isAllowed(policy, this.#rpcMethods, wireName)) return undefined;
    const name = camelCase(wireName);
    // `constructor`, `toString` and the like are no RPC methods, not even when a class overrides them.
    if (name in Object.prototype || RESERVED.has(name)) return undefined;
    if (policy === 'default' && name.startsWith('_')) return undefined;
    const method = findMethod(this.#object, name);
    return method && ((ctxt, args) => method.call(this.#object, ctxt, args));
  }
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

function describe(object: object): string {
  return `Endpoint ${object.constructor?.name ?? 'object'}`;
}
