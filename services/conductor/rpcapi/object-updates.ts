import type { JsonValue } from '@mini-nova/messaging';
import { type Field, NovaObject } from '@mini-nova/objects';

/** What an object method changed, as it travels back: field values in primitive form and what is still unsaved. */
export type ObjectUpdates = { [field: string]: JsonValue };

const stillChanged = 'obj_what_changed';

/** An object's values, to compare with later. */
export type Contents = ReadonlyMap<string, unknown>;

/** Of the fields that are set. */
export function contentsOf(object: NovaObject): Contents {
  const contents = new Map<string, unknown>();
  for (const field of Object.keys(object.definition.fields)) {
    if (object.has(field)) contents.set(field, object.get(field));
  }
  return contents;
}

/** The fields that have another value than before the call. What it changed in place, within a value, does not travel. */
export function updatesSince(before: Contents, object: NovaObject): ObjectUpdates {
  const updates: ObjectUpdates = {};
  for (const [field, value] of contentsOf(object)) {
    const type = object.definition.fields[field];
    if (type && !isSame(type, before.get(field), value)) updates[field] = object.fieldToPrimitive(field);
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

/** Most values are the very same, which costs nothing to see. */
function isSame(type: Field<unknown>, one: unknown, other: unknown): boolean {
  if (one === other) return true;
  return isObject(one) && isObject(other) && contentOf(type, one) === contentOf(type, other);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** That a nested object was saved is no change that travels. */
function contentOf(type: Field<unknown>, value: object): string {
  return JSON.stringify(type.toPrimitive(value), (key, item: unknown) =>
    key === 'nova_object.changes' ? undefined : item,
  );
}
