export interface OpenLoopOptions {
  perSecond: number;
  /** Infinity: until the signal. */
  seconds: number;
  /** Ends it early. */
  signal?: AbortSignal;
}

/** Milliseconds. */
const TICK = 5;

/**
 * Calls `send` at a steady rate, whether or not earlier calls have ended, as independent users do. Resolves when the
 * time is over; `send` gets the number of the call, from 0.
 */
export function openLoop(options: OpenLoopOptions, send: (n: number) => void): Promise<void> {
  const { perSecond, seconds, signal } = options;
  const start = performance.now();
  const total = Math.round(perSecond * seconds);
  let sent = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(Math.floor(((performance.now() - start) / 1000) * perSecond), total);
      for (; sent < due; sent += 1) send(sent);
      if (sent < total && !signal?.aborted) return;
      clearInterval(timer);
      resolve();
    }, TICK);
  });
}
