import {
  ClientSendError,
  MessageDeliveryFailure,
  MessageUndeliverable,
  MessagingTimeout,
} from '@mini-nova/messaging';

/** Whether the message bus, or the service at its other end, is away. */
export function isBusOutage(error: unknown): error is Error {
  return (
    error instanceof MessageDeliveryFailure ||
    error instanceof MessageUndeliverable ||
    error instanceof MessagingTimeout ||
    error instanceof ClientSendError
  );
}
