import { MessagingTimeout, type RpcRequest } from '@mini-nova/messaging';

/** Who waits for the outcome of a request, as its endpoint is told. */
export type Caller = Pick<RpcRequest, 'signal' | 'timeLeft'>;

/** Seconds until the caller gives up; infinite for one that never does. */
export function secondsLeft({ timeLeft }: Caller): number {
  return timeLeft === null ? Number.POSITIVE_INFINITY : timeLeft / 1000;
}

/**
 * To be asked before work is begun, and after each wait.
 * @throws the signal's reason when the caller has given up; its timer may be late in a process that is busy
 */
export function throwIfGone(caller: Caller | undefined): void {
  if (caller === undefined) return;
  caller.signal.throwIfAborted();
  if (secondsLeft(caller) <= 0) throw new MessagingTimeout('The caller has given up');
}
