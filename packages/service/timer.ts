/** What a timer can wait for at most; a longer one would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Calls `fn` after so many seconds. The timer does not keep the process alive. */
export function after(seconds: number, fn: () => void): NodeJS.Timeout {
  return setTimeout(fn, milliseconds(seconds)).unref();
}

/**
 * Whether `work` settled within so many seconds. It never rejects: who cares how `work` ended, asks `work`.
 */
export async function settlesWithin(work: Promise<unknown>, seconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const settled = work.then(
    () => true,
    () => true,
  );
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds(seconds));
  });
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}

function milliseconds(seconds: number): number {
  return Math.min(seconds * 1000, LONGEST);
}
