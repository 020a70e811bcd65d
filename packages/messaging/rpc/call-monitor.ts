import type { IncomingMessage } from '../drivers/driver.ts';
import type { Logger } from '../logger.ts';

/** However short the caller's timeout, heartbeats are at least so many milliseconds apart. */
const MIN_INTERVAL = 10;
const MAX_INTERVAL = 2 ** 31 - 1;

/**
 * Tells a monitoring caller that its request is being worked on, every half call-monitor timeout, until the
 * returned function is called.
 */
export function startHeartbeats(incoming: IncomingMessage, logger: Logger): () => void {
  const seconds = incoming.callMonitorTimeout;
  if (seconds === null || !(seconds > 0)) return () => {};
  const interval = Math.min(Math.max((seconds * 1000) / 2, MIN_INTERVAL), MAX_INTERVAL);
  const timer = setInterval(() => {
    incoming.heartbeat().catch((error: unknown) => {
      // The caller's own timeout tells it; the endpoint goes on.
      logger.debug({ err: error, method: incoming.message.method }, 'A call-monitor heartbeat was not sent');
    });
  }, interval);
  return () => clearInterval(timer);
}
