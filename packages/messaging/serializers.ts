import { contextToPrimitive, type JsonObject, type JsonValue, toPrimitive } from './json.ts';

/** The caller's context as endpoints and clients hold it: any object the serializer can turn into JSON. */
export type RpcContext = object;

/** Turns arguments, results and contexts into JSON and back, at both ends of a call. */
export interface Serializer {
  /**
   * Only for the compiler: a class of serializers says here which values, besides JSON's, come out as they went in.
   *
   *     declare readonly carries?: (value: Money) => void;
   */
  readonly carries?: (value: never) => void;
  serializeEntity(ctxt: RpcContext, entity: unknown): JsonValue;
  deserializeEntity(ctxt: RpcContext, entity: JsonValue): unknown;
  serializeContext(ctxt: RpcContext): JsonObject;
  deserializeContext(ctxt: JsonObject): RpcContext;
}

/** What a serializer carries besides JSON. */
export type CarriedBy<S> = S extends { readonly carries?: (value: infer C) => void }
  ? unknown extends C
    ? never
    : C
  : never;

/** Passes everything unchanged. Clients and servers then make values primitive (see `toPrimitive`). */
export class NoOpSerializer implements Serializer {
  serializeEntity(_ctxt: RpcContext, entity: unknown): JsonValue {
    return entity as JsonValue;
  }

  deserializeEntity(_ctxt: RpcContext, entity: JsonValue): unknown {
    return entity;
  }

  serializeContext(ctxt: RpcContext): JsonObject {
    return ctxt as JsonObject;
  }

  deserializeContext(ctxt: JsonObject): RpcContext {
    return ctxt;
  }
}

/**
 * Makes values primitive on their way out (see `toPrimitive`), and refuses by path what JSON cannot carry.
 * What arrives stays as it is: a date stays text.
 */
export class JsonPrimitiveSerializer extends NoOpSerializer {
  /** @throws TypeError naming the path of what cannot be made primitive */
  override serializeEntity(_ctxt: RpcContext, entity: unknown): JsonValue {
    return toPrimitive(entity);
  }

  /** @throws TypeError naming the path of what cannot be made primitive */
  override serializeContext(ctxt: RpcContext): JsonObject {
    return contextToPrimitive(ctxt);
  }
}
