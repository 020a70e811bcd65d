import { expect } from 'vitest';
import { MessagingTimeout } from '../index.ts';

/**
 * Calls until the method has begun, with timeouts (seconds) that grow: on a busy machine, a short one may pass before. Each
 * call must end with a MessagingTimeout, or as another peer says that.
 */
export async function callUntilBegun(
  call: (timeout: number) => Promise<unknown>,
  begun: () => boolean | Promise<boolean>,
  timedOut: unknown = expect.any(MessagingTimeout),
): Promise<void> {
  for (let timeout = 1; !(await begun()); timeout *= 2) {
    await expect(call(timeout)).rejects.toEqual(timedOut);
  }
}
