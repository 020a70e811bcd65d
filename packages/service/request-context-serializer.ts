import {
  type JsonObject,
  JsonPrimitiveSerializer,
  type JsonValue,
  type Serializer,
} from '@mini-nova/messaging';
import { RequestContext } from './request-context.ts';

/** Gives endpoints a `RequestContext`; arguments and results are left to the inner serializer. */
export class RequestContextSerializer implements Serializer {
  readonly #inner: Serializer;

  /** @param inner default: JsonPrimitiveSerializer */
  constructor(inner: Serializer = new JsonPrimitiveSerializer()) {
    this.#inner = inner;
  }

  serializeEntity(ctxt: object, entity: unknown): JsonValue {
    return this.#inner.serializeEntity(ctxt, entity);
  }

  deserializeEntity(ctxt: object, entity: JsonValue): unknown {
    return this.#inner.deserializeEntity(ctxt, entity);
  }

  /** A context of another class is left to the inner serializer. */
  serializeContext(ctxt: object): JsonObject {
    return ctxt instanceof RequestContext ? ctxt.toDict() : this.#inner.serializeContext(ctxt);
  }

  deserializeContext(ctxt: JsonObject): RequestContext {
    return RequestContext.fromDict(ctxt);
  }
}
