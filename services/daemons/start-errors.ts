import { ListenError } from '@mini-nova/api/api-server';
import { NodeIdentityUnusable } from '@mini-nova/compute/resources/node-identities';
import { ConfigError } from '@mini-nova/config';
import { DatabaseUnusable } from '@mini-nova/data/configured-database';
import { DatabaseError } from '@mini-nova/database';
import { DriverLoadFailure, InvalidTransportURL, type Logger } from '@mini-nova/messaging';
import { ObservabilityListenError } from '@mini-nova/service';

const types = [
  ConfigError,
  DatabaseError,
  DatabaseUnusable,
  DriverLoadFailure,
  InvalidTransportURL,
  ListenError,
  NodeIdentityUnusable,
  ObservabilityListenError,
] as const;

/** Whether a daemon could not start for a reason that its operator can change: the message says all. */
export function isStartError(error: unknown): error is Error {
  return types.some((type) => error instanceof type);
}

/** Logs such errors by their message, without the stack. */
export function withoutStartStacks(logger: Logger): Logger {
  return {
    debug: (data, message) => logger.debug(data, message),
    info: (data, message) => logger.info(data, message),
    warn: (data, message) => logger.warn(data, message),
    error: (data, message) => logger.error(explained(data), message),
  };
}

function explained(data: object): object {
  if (!('err' in data) || !isStartError(data.err)) return data;
  const { err, ...others } = data;
  return { ...others, reason: err.message };
}
