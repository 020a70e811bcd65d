import { setImmediate as turn } from 'node:timers/promises';

/**
 * Waits until the promise is settled, or until so many milliseconds have passed, and all was read that had come by then:
 * then false. Rejects only as it does.
 */
export async function within(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(overAfterReading()), milliseconds);
  });
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Timers come before what sockets have to say. */
async function overAfterReading(): Promise<false> {
  await turn();
  await turn();
  return false;
}
