import { setTimeout as sleep } from 'node:timers/promises';

interface WaitOptions {
  /** Seconds until it gives up. */
  timeout: number;
  /** Seconds between two checks. */
  interval?: number;
  /** Ends the waiting early by throwing, as when the process that is waited for has died. */
  abort?: () => void;
}

/** Checks repeatedly until `ready` says yes; an error in it counts as no, and becomes the cause of a failure. */
export async function waitFor(
  what: string,
  ready: () => Promise<boolean>,
  options: WaitOptions,
): Promise<void> {
  const deadline = performance.now() + options.timeout * 1000;
  let lastError: unknown;
  while (performance.now() < deadline) {
    options.abort?.();
    try {
      if (await ready()) return;
    } catch (error) {
      lastError = error;
    }
    await sleep((options.interval ?? 0.1) * 1000);
  }
  throw new Error(`${what}: not within ${options.timeout} s`, { cause: lastError });
}
