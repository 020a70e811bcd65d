import { MessagingTimeout, type RpcRequest } from '@mini-nova/messaging';

/** Whoever waits for the outcome of a request, as its endpoint sees it. */
export type Caller = Pick<RpcRequest, 'signal' | 'timeLeft'>;

/** Seconds until the caller gives up; infinite for one that never does. */
export function secondsLeft({ timeLeft }: Caller): number {
  return timeLeft === null ? Number.POSITIVE_INFINITY : timeLeft / 1000;
}

/**
 * To be called before work is begun, and after each wait.
 * @throws the signal's reason when the caller has given up, even if a busy process has not run its timer yet
 */
export function throwIfGone(caller: Caller | undefined): void {
  if (caller === undefined) return;
  caller.signal.throwIfAborted();
  if (secondsLeft(caller) <= 0) throw new MessagingTimeout('The caller has given up');
}
