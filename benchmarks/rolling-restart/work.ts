/** What the daemon serves. */
export type WorkContract = {
  /** Takes `ms`; `pid` is of the process that did it. */
  work: { args: { n: number; ms: number }; result: { n: number; pid: number } };
};

/** Where the daemon and its client meet. */
export const TOPIC = 'rolling-restart';

const LONGEST = 20;

/** How long (ms) the work of a call takes: 0 to 20 ms, evenly. */
export function workTime(n: number): number {
  return n % (LONGEST + 1);
}
