import { MessageDeliveryFailure, MessageTooLarge, MessageUndeliverable } from '../../../errors.ts';
import { errorText } from '../connection/amqp-error.ts';
import type { OutgoingMessage } from './publication.ts';

export function unreachable(cause: unknown): MessageDeliveryFailure {
  const reason = cause === undefined ? '' : `: ${errorText(cause)}`;
  return new MessageDeliveryFailure(`Unable to reach RabbitMQ${reason}`, { cause });
}

/** The broker's words, in which it differs from version to version whether there is a `configured`. */
const TOO_LARGE = /message size (\d+) is larger than (?:configured )?max(?:imum)? size (\d+)/;

export function refusal(cause: unknown): MessageDeliveryFailure {
  const [, size, limit] = TOO_LARGE.exec(errorText(cause)) ?? [];
  if (size !== undefined) {
    return new MessageTooLarge({ what: 'The message', size: Number(size), limit: Number(limit) }, { cause });
  }
  return new MessageDeliveryFailure(`RabbitMQ does not take the message: ${errorText(cause)}`, { cause });
}

export function undeliverable(message: OutgoingMessage, reason?: string): MessageUndeliverable {
  return new MessageUndeliverable({
    exchange: message.exchange?.name ?? '',
    routingKey: message.routingKey,
    ...(reason !== undefined && { reason }),
  });
}
