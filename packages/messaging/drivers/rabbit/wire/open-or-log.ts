import { UnsupportedRpcEnvelopeVersion } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { bodyOf, type Delivery } from '../consume/delivery.ts';
import { MalformedMessage } from './envelope.ts';

/** Decodes a delivered body; one that cannot be read is dropped with one log line, and gives undefined. */
export function openOrLog<T>(decode: (body: Buffer) => T, delivery: Delivery, logger: Logger): T | undefined {
  try {
    return decode(bodyOf(delivery));
  } catch (error) {
    if (!(error instanceof MalformedMessage) && !(error instanceof UnsupportedRpcEnvelopeVersion))
      throw error;
    const { queue, message } = delivery;
    logger.warn(
      { queue: queue.spec.name, size: message.content.length, reason: error.message },
      'message dropped: it cannot be read',
    );
    return undefined;
  }
}
