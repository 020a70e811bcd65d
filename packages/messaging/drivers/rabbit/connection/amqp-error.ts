import { reasonText } from '../../../logger.ts';

/** Reply codes of the protocol. */
export const ACCESS_REFUSED = 403;
export const NOT_FOUND = 404;
export const PRECONDITION_FAILED = 406;

/** The broker's reply code when it closed a channel or a connection for a fault; else undefined. */
export function amqpCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}

/** The protocol's number of the class of exchange methods. */
const EXCHANGE_CLASS = 40;

/** Whether the broker closed the channel over an exchange's declaration: the messages on it are innocent. */
export function isAboutExchange(error: unknown): boolean {
  return error instanceof Error && 'classId' in error && error.classId === EXCHANGE_CLASS;
}

/** Whether nothing listens on the port, at any of the name's addresses. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isRefusal);
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}

/** Whether the library got the broker's `connection.close` instead of what it expected, without saying why. */
export function isUnexpectedClose(error: Error): boolean {
  return /^Expected .*; got <ConnectionClose/.test(error.message);
}

export function errorText(error: unknown): string {
  // What connecting to a name with several addresses fails with; its own message is empty.
  if (error instanceof AggregateError) return error.errors.map(errorText).join('; ');
  if (!(error instanceof Error)) return reasonText(error);
  return tlsReason(error) ?? error.message;
}

/** OpenSSL's messages name places in its own code; only its `reason` says what happened: the other end's alert. */
function tlsReason(error: Error): string | undefined {
  if (!('code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_SSL_')))
    return undefined;
  return 'reason' in error && typeof error.reason === 'string' ? `TLS failed: ${error.reason}` : undefined;
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(reasonText(error));
}
