import { BuildAbortException, NovaError } from '@mini-nova/domain/exceptions';
import { messageOf } from '@mini-nova/domain/instance-fault';
import { isOutage } from '@mini-nova/domain/outage-retry';

/** The hypervisor could not make the guest; `cause` is its error. */
export class GuestFailure extends Error {
  readonly code = 'GUEST_FAILURE';

  /** A driver that says no host would do better is believed. */
  static from(error: unknown): Error {
    if (error instanceof BuildAbortException) return error;
    return new GuestFailure(messageOf(error), { cause: error });
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GuestFailure';
  }
}

/**
 * Whether another host may do better. Not when the request itself was refused (a port in use, no free address),
 * nor when nobody answers: then the conductor that would choose the host is away too.
 */
export function mayWorkElsewhere(error: unknown): boolean {
  if (error instanceof BuildAbortException || isOutage(error)) return false;
  return !(error instanceof NovaError && error.httpStatus < 500);
}
