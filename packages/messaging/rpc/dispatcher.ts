import type { RpcMessage } from '../drivers/driver.ts';
import { MessagingError, NoSuchMethod, UnsupportedVersion } from '../errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, mapValues, toPrimitive } from '../json.ts';
import { markExpected } from '../remote-errors.ts';
import { NoOpSerializer, type RpcContext, type Serializer } from '../serializers.ts';
import { type AccessPolicy, checkAccessPolicy, Endpoint, type EndpointMethod } from './endpoint.ts';
import { localRequest, type RpcRequest } from './request.ts';
import { isResultStream, ResultSink } from './results.ts';
import { DEFAULT_VERSION } from './version-cap.ts';

/** Runs around each endpoint method, all its results included; calls `run` once and returns its result. */
export type Around = (ctxt: RpcContext, message: RpcMessage, run: () => Promise<unknown>) => Promise<unknown>;

/** How requests find their methods. */
export interface DispatcherOptions {
  /** Default: NoOpSerializer. */
  serializer?: Serializer;
  /** Default `default`. */
  accessPolicy?: AccessPolicy;
  /** For what each request needs around it: a logging scope, a trace. */
  around?: Around;
}

/** A delivered message that is not an RPC request; `message` says why. */
export class MalformedRequest extends MessagingError {
  readonly code = 'MALFORMED_REQUEST';
}

/** Finds the endpoint method of a request and runs it. */
export class RPCDispatcher {
  readonly #endpoints: readonly Endpoint[];
  readonly #serializer: Serializer;
  readonly #accessPolicy: AccessPolicy;
  readonly #around: Around | undefined;

  /** @throws TypeError when an endpoint's options are not an endpoint's, or there is no such access policy */
  constructor(endpoints: readonly object[], options: DispatcherOptions = {}) {
    this.#endpoints = endpoints.map((object) => new Endpoint(object));
    this.#serializer = options.serializer ?? new NoOpSerializer();
    this.#accessPolicy = checkAccessPolicy(options.accessPolicy ?? 'default');
    this.#around = options.around;
  }

  deserializeContext(ctxt: JsonObject): RpcContext {
    return this.#serializer.deserializeContext(ctxt);
  }

  /**
   * The result of the endpoint's method, serialized; null when it returns nothing. Of a method that yields several,
   * each has gone to the sink, and null is returned.
   *
   * @param ctxt deserialized
   * @throws MalformedRequest, UnsupportedVersion, NoSuchMethod
   * @throws TypeError when a result has no form in JSON
   * @throws what the method throws, or the reason why the request's signal has fired
   */
  async dispatch(
    ctxt: RpcContext,
    message: RpcMessage,
    request: RpcRequest = localRequest(message),
    sink: ResultSink = new ResultSink(async () => {}),
  ): Promise<JsonValue> {
    checkRequest(message);
    const { endpoint, method } = this.#find(message);
    try {
      const run = async (): Promise<unknown> => {
        const result = await method(ctxt, this.#deserializeArgs(ctxt, message.args), request);
        if (!isResultStream(result)) return result;
        return sink.sendAll(result, request.signal, (item) => this.#serialize(ctxt, item));
      };
      return this.#serialize(ctxt, await (this.#around?.(ctxt, message, run) ?? run()));
    } catch (error) {
      throw endpoint.judge(error);
    }
  }

  #serialize(ctxt: RpcContext, result: unknown): JsonValue {
    if (result === undefined) return null;
    return toPrimitive(this.#serializer.serializeEntity(ctxt, result), 'result');
  }

  /** The first endpoint, in their order, that accepts the namespace and version and exposes the method. */
  #find(message: RpcMessage): { endpoint: Endpoint; method: EndpointMethod } {
    const name = message.method;
    const version = message.version ?? DEFAULT_VERSION;
    let foundCompatible = false;
    for (const endpoint of this.#endpoints) {
      if (!endpoint.accepts(message.namespace ?? null, version)) continue;
      foundCompatible = true;
      const method = endpoint.method(name, this.#accessPolicy);
      if (method !== undefined) return { endpoint, method };
    }
    throw foundCompatible ? new NoSuchMethod(name) : new UnsupportedVersion(version, name);
  }

  #deserializeArgs(ctxt: RpcContext, args: JsonObject = {}): object {
    return mapValues(args, (value = null) => this.#serializer.deserializeEntity(ctxt, value));
  }
}

/** Peers are other programs: what they send has the type only once it has been looked at. @throws MalformedRequest */
export function checkRequest(message: { [Key in keyof RpcMessage]: unknown }): void {
  const { method, args = {}, namespace = null, version = null } = message;
  if (typeof method !== 'string' || method === '') throw malformed('it names no method');
  if (!isJsonObject(args)) throw malformed('its args are not an object');
  if (namespace !== null && typeof namespace !== 'string') throw malformed('its namespace is not text');
  if (version !== null && typeof version !== 'string') throw malformed('its version is not text');
}

function malformed(reason: string): MalformedRequest {
  return markExpected(new MalformedRequest(`Malformed RPC request: ${reason}`));
}
