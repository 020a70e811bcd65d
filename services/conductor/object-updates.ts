import type { JsonValue } from '@mini-nova/messaging';
import { NovaObject } from '@mini-nova/objects';

/** What an object method changed, as it travels back: field values in primitive form and what is still unsaved. */
export type ObjectUpdates = { [field: string]: JsonValue };

const stillChanged = 'obj_what_changed';

/** What an object's fields say, to compare with later: plain values as they are, all others as text. */
export type Contents = ReadonlyMap<string, unknown>;

/** Of the fields that are set. */
export function contentsOf(object: NovaObject): Contents {
  const contents = new Map<string, unknown>();
  for (const field of Object.keys(object.definition.fields)) {
    if (object.has(field)) contents.set(field, contentOf(object, field));
  }
  return contents;
}

/** The fields in which the object differs from what it was before the call. */
export function updatesSince(before: Contents, object: NovaObject): ObjectUpdates {
  const updates: ObjectUpdates = {};
  for (const [field, content] of contentsOf(object)) {
    if (before.get(field) !== content) updates[field] = object.fieldToPrimitive(field);
  }
  updates[stillChanged] = object.changes();
  return updates;
}

/** Brings the caller's object to the state that the remote method left its copy in. */
export function applyUpdates(object: NovaObject, updates: { [field: string]: unknown }): void {
  for (const [field, value] of Object.entries(updates)) {
    if (!Object.hasOwn(object.definition.fields, field)) continue;
    // The serializer has made objects of primitives of objects already, those in lists and dictionaries, too.
    if (holdsObjects(value)) object.set(field, value);
    else object.setFieldFromPrimitive(field, value as JsonValue);
  }
  object.resetChanges();
  const changed = updates[stillChanged];
  if (!Array.isArray(changed)) return;
  object.markChanged(...changed.map(String));
}

function holdsObjects(value: unknown): boolean {
  if (value instanceof NovaObject) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsObjects);
}

/** That a nested object was saved is no change that travels. */
function contentOf(object: NovaObject, field: string): unknown {
  const value = object.get(field);
  if (typeof value !== 'object' || value === null) return value;
  return JSON.stringify(object.fieldToPrimitive(field), (key, item: unknown) =>
    key === 'nova_object.changes' ? undefined : item,
  );
}
