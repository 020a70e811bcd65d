/**
 * The `last_seen_up` of a service that has stopped in order. Nova's servicegroup reads only this field, so Python peers also
 * see the service as down at once, not only when its heartbeats have been missing for a while.
 */
export const SEEN_WHEN_STOPPED = new Date(0);
