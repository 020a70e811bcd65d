import type { EventEmitter } from 'node:events';
import { MessageDeliveryFailure } from '../../../errors.ts';
import { errorText } from './amqp-error.ts';
import type { BrokerConnection } from './connection.ts';

/**
 * Resolves once the connection is there. It must have been opened.
 * @throws MessageDeliveryFailure that says why it is not, when `signal` fires first
 */
export async function whenConnected(connection: BrokerConnection, signal: AbortSignal): Promise<void> {
  while (connection.state !== 'connected') {
    if (signal.aborted) throw notConnected(connection);
    await eventOf([[connection, 'connected']], signal);
  }
}

export function notConnected({ failure }: BrokerConnection): MessageDeliveryFailure {
  const reason = failure === undefined ? 'it has not answered yet' : errorText(failure);
  return new MessageDeliveryFailure(`Unable to reach RabbitMQ: ${reason}`, { cause: failure });
}

/** Resolves at the first of these events, or when the signal fires. */
export function eventOf(
  events: readonly (readonly [emitter: EventEmitter, event: string])[],
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      for (const [emitter, event] of events) emitter.off(event, end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    for (const [emitter, event] of events) emitter.on(event, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
