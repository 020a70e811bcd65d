/** What a service record says of its daemon's health. */
export interface SignsOfLife {
  forcedDown: boolean;
  /** The last heartbeat, or when the record was made; null: neither is known. */
  lastSeen: Date | null;
}

/**
 * The `last_seen_up` of a service that has stopped in order. Nova's own servicegroup reads nothing but this field, so
 * Python peers see the service down at once, too, and not only when its heartbeats have been missing for a while.
 */
export const SEEN_WHEN_STOPPED = new Date(0);

/** Whether there was a sign of life in the last `downTime` seconds and nobody declared the daemon down. */
export function isAlive({ forcedDown, lastSeen }: SignsOfLife, downTime: number, now: Date): boolean {
  if (forcedDown || lastSeen === null) return false;
  // Both are of the database's clock. After that was set back, a time in the future is no better than one as far past.
  return Math.abs(now.getTime() - lastSeen.getTime()) <= downTime * 1000;
}
