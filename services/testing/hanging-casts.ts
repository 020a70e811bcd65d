import { CallCancelled, type OneCastOptions } from '@mini-nova/messaging';

/** A cast to a bus that is away: it is given up before it is sent. */
export function untilCancelled({ signal }: OneCastOptions = {}): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new CallCancelled('it was not sent')));
  });
}

/** A cast that was sent, but is never confirmed. */
export function neverSettled(): Promise<never> {
  return new Promise(() => {});
}
