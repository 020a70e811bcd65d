import type { JsonObject, JsonValue } from '@mini-nova/messaging';
import { fieldHistory } from './field-history.ts';
import { headerOf, isNewer, isObjectPrimitive, primitiveOf } from './primitive.ts';

/** The version of each class that a peer understands, as sent with `object_class_action_versions`. */
export type ObjectVersions = { readonly [objname: string]: string };

/**
 * The primitive form of an object, and of the objects inside it, as a peer with these versions can read it: without
 * the fields that came later. A class that the peer does not name, or knows in our version or a newer one, stays as it
 * is.
 *
 * @throws IncompatibleObjectVersion when the peer knows another major
 */
export function backport(primitive: JsonObject, versions: ObjectVersions): JsonObject {
  const header = headerOf(primitive);
  const { name, version } = header;
  const wanted = Object.hasOwn(versions, name) ? versions[name] : undefined;
  const target = wanted !== undefined && isNewer(name, version, wanted) ? wanted : version;
  const dropped = laterFields(name, target);
  const kept = Object.entries(header.data).filter(([field]) => !dropped.has(field));
  return primitiveOf({
    name,
    version: target,
    data: Object.fromEntries(kept.map(([field, value]) => [field, backportWithin(value ?? null, versions)])),
    changes: header.changes.filter((field) => !dropped.has(field)),
  });
}

function backportWithin(value: JsonValue, versions: ObjectVersions): JsonValue {
  if (Array.isArray(value)) return value.map((item) => backportWithin(item, versions));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (isObjectPrimitive(value)) return backport(value, versions);
  return Object.fromEntries(entries.map(([key, item = null]) => [key, backportWithin(item, versions)]));
}

/** The fields that this version of the class does not have yet. */
function laterFields(name: string, version: string): Set<string> {
  const history = Object.entries(fieldHistory[name] ?? {});
  return new Set(history.filter(([since]) => isNewer(name, since, version)).flatMap(([, fields]) => fields));
}
