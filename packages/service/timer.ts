/** The longest wait of a timer; a longer one would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Calls `fn` after so many seconds. The timer does not keep the process alive. */
export function after(seconds: number, fn: () => void): NodeJS.Timeout {
  return setTimeout(fn, milliseconds(seconds)).unref();
}

/** What `work` comes to, or `late` when it has not settled within so many seconds. */
export async function withinOr<T, L>(work: Promise<T>, seconds: number, late: L): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<L>((resolve) => {
    timer = setTimeout(() => resolve(late), milliseconds(seconds));
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether `work` settled within so many seconds. Never rejects: how `work` ended, `work` itself tells. */
export async function settlesWithin(work: Promise<unknown>, seconds: number): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  );
  return withinOr(settled, seconds, false);
}

function milliseconds(seconds: number): number {
  return Math.min(seconds * 1000, LONGEST);
}
