import { isUnanswered } from '@mini-nova/domain/outage-retry';
import { ClientSendError } from '@mini-nova/messaging';

/** Whether the message bus, or the service at its other end, is away, or the bus fails in a way of its own. */
export function isBusOutage(error: unknown): error is Error {
  return isUnanswered(error) || error instanceof ClientSendError;
}
