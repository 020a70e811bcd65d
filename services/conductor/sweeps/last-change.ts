import type { Instance } from '@mini-nova/objects';

/** Whether nothing about the instance was saved since then. */
export function isUnchangedSince(instance: Instance, since: Date): boolean {
  const changed = instance.updated_at ?? instance.created_at;
  return changed === null || changed < since;
}

export function secondsBefore(now: Date, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000);
}
