import { MessageDeliveryFailure, MessageUndeliverable } from '../../../errors.ts';
import { errorText } from '../connection/amqp-error.ts';
import type { OutgoingMessage } from './publication.ts';

export function unreachable(cause: unknown): MessageDeliveryFailure {
  const reason = cause === undefined ? '' : `: ${errorText(cause)}`;
  return new MessageDeliveryFailure(`Unable to reach RabbitMQ${reason}`, { cause });
}

export function refusal(cause: unknown): MessageDeliveryFailure {
  return new MessageDeliveryFailure(`RabbitMQ does not take the message: ${errorText(cause)}`, { cause });
}

export function undeliverable(message: OutgoingMessage, reason?: string): MessageUndeliverable {
  return new MessageUndeliverable({
    exchange: message.exchange?.name ?? '',
    routingKey: message.routingKey,
    ...(reason !== undefined && { reason }),
  });
}
