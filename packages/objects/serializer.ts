import {
  type JsonObject,
  JsonPrimitiveSerializer,
  type JsonValue,
  type RpcContext,
  type Serializer,
} from '@mini-nova/messaging';
import { mapValues } from './map-values.ts';
import { NovaObject } from './nova-object.ts';
import { isObjectPrimitive } from './primitive.ts';
import { objectFromPrimitive } from './registry.ts';

/**
 * Carries versioned objects in primitive form, at any depth of arrays and plain objects. Everything else, and the
 * context, is left to the inner serializer.
 */
export class NovaObjectSerializer implements Serializer {
  declare readonly carries?: (value: NovaObject) => void;
  private readonly inner: Serializer;

  constructor(inner: Serializer = new JsonPrimitiveSerializer()) {
    this.inner = inner;
  }

  serializeEntity(ctxt: RpcContext, entity: unknown): JsonValue {
    return this.inner.serializeEntity(ctxt, withPrimitives(entity));
  }

  /** @throws UnsupportedObject, IncompatibleObjectVersion, FieldError, InvalidObjectPrimitive */
  deserializeEntity(ctxt: RpcContext, entity: JsonValue): unknown {
    return withObjects(this.inner.deserializeEntity(ctxt, entity));
  }

  serializeContext(ctxt: RpcContext): JsonObject {
    return this.inner.serializeContext(ctxt);
  }

  deserializeContext(ctxt: JsonObject): RpcContext {
    return this.inner.deserializeContext(ctxt);
  }
}

/** Deeper values are left to the inner serializer, which refuses cycles. */
const maxDepth = 500;

/** A copy in which objects are in primitive form, and dates are written as Python's peers write them. */
function withPrimitives(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return value;
  if (value instanceof NovaObject) return value.toPrimitive();
  if (value instanceof Date) return isoWithMicroseconds(value);
  if (Array.isArray(value)) return value.map((item) => withPrimitives(item, depth + 1));
  return isPlainObject(value) ? mapValues(value, (item) => withPrimitives(item, depth + 1)) : value;
}

/** A copy in which primitive forms are objects. */
function withObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withObjects);
  if (!isPlainObject(value)) return value;
  const json = value as JsonObject;
  return isObjectPrimitive(json) ? objectFromPrimitive(json) : mapValues(value, withObjects);
}

/** UTC without a zone: `2011-01-01T01:02:03.000000`. The inner serializer refuses an invalid date. */
function isoWithMicroseconds(date: Date): string | Date {
  return Number.isNaN(date.getTime()) ? date : date.toISOString().replace('Z', '000');
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
