import type { IncomingMessage } from '../drivers/driver.ts';
import type { Logger } from '../logger.ts';
import { isExpectedError } from '../remote-errors.ts';
import { logThrown, reasonText } from '../thrown.ts';
import { MalformedRequest } from './dispatcher.ts';
import type { ServedRequest } from './request.ts';

/** Says what became of a request that failed: expected failures in one quiet line, bugs with their stack. */
export function logFailure(
  logger: Logger,
  incoming: IncomingMessage,
  request: ServedRequest,
  error: unknown,
): void {
  const what = describeRequest(incoming);
  if (error instanceof MalformedRequest) {
    logger.warn({ ...what, reason: error.message }, 'Dropped a malformed RPC request');
  } else if (request.isAbandonedBy(error)) {
    logger.debug(
      { error: reasonText(error), ...what },
      'An RPC method ended early: nobody waits for it any more',
    );
  } else if (!isExpectedError(error)) {
    logThrown(logger, error, what, 'An RPC method failed');
  } else if (incoming.expectsReply) {
    logger.info({ error: reasonText(error), ...what }, 'An RPC method answered with an error');
  } else {
    // Nobody else learns of it.
    logger.warn({ error: reasonText(error), ...what }, 'An RPC method failed, and its caller does not wait');
  }
}

/** How log lines name a request. */
export function describeRequest({ ctxt, message }: IncomingMessage): object {
  const { method, namespace, version } = message;
  const request_id = ctxt?.request_id;
  return { method, namespace, version, ...(typeof request_id === 'string' && { request_id }) };
}
