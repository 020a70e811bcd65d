/**
 * The `last_seen_up` of a service that has stopped in order. Nova's own servicegroup reads nothing but this field, so
 * Python peers see the service down at once, too, and not only when its heartbeats have been missing for a while.
 */
export const SEEN_WHEN_STOPPED = new Date(0);
