import type { JsonObject, JsonValue } from '../json.ts';
import type { RpcContext, Serializer } from '../serializer.ts';
import { contextToPrimitive, toPrimitive } from './primitive.ts';

/**
 * Makes values primitive on their way out (see `toPrimitive`), and refuses by path what JSON cannot carry.
 * What arrives stays as it is: a date stays text.
 */
export class JsonPrimitiveSerializer implements Serializer {
  /** @throws TypeError naming the path of what cannot be made primitive */
  serializeEntity(_ctxt: RpcContext, entity: unknown): JsonValue {
    return toPrimitive(entity);
  }

  deserializeEntity(_ctxt: RpcContext, entity: JsonValue): unknown {
    return entity;
  }

  /** @throws TypeError naming the path of what cannot be made primitive */
  serializeContext(ctxt: RpcContext): JsonObject {
    return contextToPrimitive(ctxt);
  }

  deserializeContext(ctxt: JsonObject): RpcContext {
    return ctxt;
  }
}
