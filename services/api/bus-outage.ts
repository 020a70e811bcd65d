import { isUnanswered } from '@mini-nova/domain/outage-retry';
import { ClientSendError } from '@mini-nova/messaging';

/** Whether the message bus, or the service at its other end, is away, or the driver of the bus has failed. */
export function isBusOutage(error: unknown): error is Error {
  return isUnanswered(error) || error instanceof ClientSendError;
}
