import { RemoteError } from '@mini-nova/messaging';

/**
 * The name of an error's class; for an error from another process, the class it had there. Never throws, whatever it
 * is given.
 */
export function errorName(thrown: unknown): string {
  try {
    if (thrown instanceof RemoteError) return thrown.excType;
    if (thrown instanceof Error) return thrown.constructor.name || 'Error';
    return typeof thrown;
  } catch {
    // A proxy's trap or a getter.
    return 'unknown';
  }
}

/** An error's message. Never throws, whatever it is given. */
export function errorText(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  } catch {
    return 'something that cannot be shown';
  }
}
