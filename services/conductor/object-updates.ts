import type { JsonValue } from '@mini-nova/messaging';
import { NovaObject } from '@mini-nova/objects';

/** What an object method changed, as it travels back: field values in primitive form and what is still unsaved. */
export type ObjectUpdates = { [field: string]: JsonValue };

const stillChanged = 'obj_what_changed';

/** The fields in which `after` differs from `before`, its copy from before the call. */
export function updatesBetween(before: NovaObject, after: NovaObject): ObjectUpdates {
  const updates: ObjectUpdates = {};
  for (const field of Object.keys(after.definition.fields)) {
    if (!after.has(field)) continue;
    const value = after.fieldToPrimitive(field);
    const unchanged = before.has(field) && isSame(before.fieldToPrimitive(field), value);
    if (!unchanged) updates[field] = value;
  }
  updates[stillChanged] = after.changes();
  return updates;
}

/** Brings the caller's object to the state that the remote method left its copy in. */
export function applyUpdates(object: NovaObject, updates: { [field: string]: unknown }): void {
  for (const [field, value] of Object.entries(updates)) {
    if (!Object.hasOwn(object.definition.fields, field)) continue;
    // The serializer has made objects of primitives of objects already.
    if (value instanceof NovaObject) object.set(field, value);
    else object.setFieldFromPrimitive(field, value as JsonValue);
  }
  object.resetChanges();
  const changed = updates[stillChanged];
  if (!Array.isArray(changed)) return;
  object.markChanged(...changed.map(String));
}

/** In content: that a nested object was saved is no change that travels. */
function isSame(one: JsonValue, other: JsonValue): boolean {
  return contentOf(one) === contentOf(other);
}

function contentOf(value: JsonValue): string {
  return JSON.stringify(value, (key, item: unknown) => (key === 'nova_object.changes' ? undefined : item));
}
