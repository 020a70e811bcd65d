import { UnsupportedRpcEnvelopeVersion } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { MalformedMessage } from './envelope.ts';

/** Decodes a delivered body; one that cannot be read is dropped with one log line, and gives undefined. */
export function openOrLog<T>(
  decode: (body: Buffer) => T,
  body: Buffer,
  queue: string,
  logger: Logger,
): T | undefined {
  try {
    return decode(body);
  } catch (error) {
    if (!(error instanceof MalformedMessage) && !(error instanceof UnsupportedRpcEnvelopeVersion))
      throw error;
    logger.warn({ queue, size: body.length, reason: error.message }, 'message dropped: it cannot be read');
    return undefined;
  }
}
