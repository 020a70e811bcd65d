import type { JsonObject, JsonValue } from '../json.ts';
import type { RpcContext, Serializer } from '../serializer.ts';

/** Passes everything as it is. Clients and servers then make primitive what is not (see `toPrimitive`). */
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
