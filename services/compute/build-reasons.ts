import { BuildAbortException, InstanceNotFound, InstanceUpdateConflict, NovaError } from '../exceptions.ts';
import { isOutage } from '../outage-retry.ts';
import { messageOf } from './instance-fault.ts';

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

/** Whether the error says that someone else ended the build, by deleting the instance for example. */
export function isEnded(error: unknown): boolean {
  return error instanceof InstanceNotFound || error instanceof InstanceUpdateConflict;
}

/**
 * Whether another host may do better. Not when the request itself was refused (a port in use, no free address),
 * nor when nobody answers: then the conductor that would choose the host is away too.
 */
export function mayWorkElsewhere(error: unknown): boolean {
  if (error instanceof BuildAbortException || isOutage(error)) return false;
  return !(error instanceof NovaError && error.httpStatus < 500);
}
