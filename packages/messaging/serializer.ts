import type { JsonObject, JsonValue } from './json.ts';

/** The caller's context as endpoints and clients hold it: any object the serializer can turn into JSON. */
export type RpcContext = object;

/** Turns arguments, results and contexts into JSON and back, at both ends of a call. */
export interface Serializer {
  /**
   * For the compiler alone: a class of serializers says here which values come out as they went in, beside those of JSON.
   *
   *     declare readonly carries?: (value: Money) => void;
   */
  readonly carries?: (value: never) => void;
  serializeEntity(ctxt: RpcContext, entity: unknown): JsonValue;
  deserializeEntity(ctxt: RpcContext, entity: JsonValue): unknown;
  serializeContext(ctxt: RpcContext): JsonObject;
  deserializeContext(ctxt: JsonObject): RpcContext;
}

/** What a serializer carries beside JSON. */
export type CarriedBy<S> = S extends { readonly carries?: (value: infer C) => void }
  ? unknown extends C
    ? never
    : C
  : never;
