/** How many notifications a listener holds unacknowledged by default: as many as oslo.messaging handles at once. */
export const DEFAULT_PREFETCH = 64;

/**
 * Milliseconds after which a notification is given back that comes for the second time or more. The first time it goes
 * back at once; a listener that can never handle it must not turn in a loop with its queue.
 */
export const REQUEUE_PAUSE = 1_000;
