import type { RpcMessage } from '../drivers/driver.ts';
import { MessagingError, NoSuchMethod, UnsupportedVersion } from '../errors.ts';
import { type JsonObject, type JsonValue, mapValues } from '../json.ts';
import { markExpected } from '../remote-errors.ts';
import type { RpcContext, Serializer } from '../serializer.ts';
import { NoOpSerializer } from '../serializers/no-op-serializer.ts';
import { toPrimitive } from '../serializers/primitive.ts';
import type { AccessPolicy } from './access-policy.ts';
import { Endpoint, type EndpointMethod } from './endpoint.ts';
import { DEFAULT_VERSION } from './version-cap.ts';

/** Runs around each endpoint method; calls `run` once and returns its result. */
export type Around = (ctxt: RpcContext, message: RpcMessage, run: () => Promise<unknown>) => Promise<unknown>;

export interface DispatcherOptions {
  /** Default: NoOpSerializer. */
  serializer?: Serializer;
  /** Default `default`. */
  accessPolicy?: AccessPolicy;
  /** For what each request needs around it: a logging scope, a trace. */
  around?: Around;
}

/** A delivered message that is no RPC request; `message` says why. */
export class MalformedRequest extends MessagingError {
  readonly code = 'MALFORMED_REQUEST';
}

/** Finds the endpoint method of a request and runs it. */
export class RPCDispatcher {
  readonly #endpoints: readonly Endpoint[];
  readonly #serializer: Serializer;
  readonly #accessPolicy: AccessPolicy;
  readonly #around: Around;

  /** @throws TypeError when an endpoint's `target` is not a Target */
  constructor(endpoints: readonly object[], options: DispatcherOptions = {}) {
    this.#endpoints = endpoints.map((object) => new Endpoint(object));
    this.#serializer = options.serializer ?? new NoOpSerializer();
    this.#accessPolicy = options.accessPolicy ?? 'default';
    this.#around = options.around ?? ((_ctxt, _message, run) => run());
  }

  deserializeContext(ctxt: JsonObject): RpcContext {
    return this.#serializer.deserializeContext(ctxt);
  }

  /**
   * The result of the endpoint's method, serialized; null when it returns nothing.
   *
   * @param ctxt deserialized
   * @throws MalformedRequest, UnsupportedVersion, NoSuchMethod
   * @throws TypeError when the result has no form in JSON
   * @throws what the method throws
   */
  async dispatch(ctxt: RpcContext, message: RpcMessage): Promise<JsonValue> {
    checkRequest(message);
    const method = this.#findMethod(message);
    const result = await this.#around(ctxt, message, async () =>
      method(ctxt, this.#deserializeArgs(ctxt, message.args)),
    );
    if (result === undefined) return null;
    return toPrimitive(this.#serializer.serializeEntity(ctxt, result), 'result');
  }

  /** The first endpoint, in their order, that accepts the namespace and version and exposes the method. */
  #findMethod({ method, ...message }: RpcMessage): EndpointMethod {
    const version = message.version ?? DEFAULT_VERSION;
    let foundCompatible = false;
    for (const endpoint of this.#endpoints) {
      if (!endpoint.accepts(message.namespace ?? null, version)) continue;
      foundCompatible = true;
      const found = endpoint.method(method, this.#accessPolicy);
      if (found !== undefined) return found;
    }
    throw foundCompatible ? new NoSuchMethod(method) : new UnsupportedVersion(version, method);
  }

  #deserializeArgs(ctxt: RpcContext, args: JsonObject = {}): object {
    return mapValues(args, (value = null) => this.#serializer.deserializeEntity(ctxt, value));
  }
}

/** Peers are other programs: what they send has the type only once it has been looked at. */
function checkRequest(message: { [Key in keyof RpcMessage]: unknown }): void {
  const { method, args = {}, namespace = null, version = null } = message;
  if (typeof method !== 'string' || method === '') throw malformed('it names no method');
  if (args === null || typeof args !== 'object' || Array.isArray(args)) {
    throw malformed('its args are not an object');
  }
  if (namespace !== null && typeof namespace !== 'string') throw malformed('its namespace is not text');
  if (version !== null && typeof version !== 'string') throw malformed('its version is not text');
}

function malformed(reason: string): MalformedRequest {
  return markExpected(new MalformedRequest(`Malformed RPC request: ${reason}`));
}
