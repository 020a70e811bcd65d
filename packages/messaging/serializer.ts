import type { JsonObject, JsonValue } from './json.ts';

/** The caller's context as endpoints and clients hold it: any object the serializer can turn into JSON. */
export type RpcContext = object;

/** Turns arguments, results and contexts into JSON and back, at both ends of a call. */
export interface Serializer {
  serializeEntity(ctxt: RpcContext, entity: unknown): JsonValue;
  deserializeEntity(ctxt: RpcContext, entity: JsonValue): unknown;
  serializeContext(ctxt: RpcContext): JsonObject;
  deserializeContext(ctxt: JsonObject): RpcContext;
}
