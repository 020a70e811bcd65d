import { call, defineRpc, type } from '@mini-nova/messaging';

/** Where the daemon and its client meet. */
export const TOPIC = 'rolling-restart';

/** What the daemon serves. */
export const workRpc = defineRpc(
  { topic: TOPIC },
  {
    /** Takes `ms`; `pid` is that of the process that did it. */
    work: call('work', {
      since: '1.0',
      to: 'topic',
      args: type<{ n: number; ms: number }>(),
      result: type<{ n: number; pid: number }>(),
    }),
  },
);

const LONGEST = 20;

/** How long (ms) the work of a call takes: 0 to 20 ms, evenly. */
export function workTime(n: number): number {
  return n % (LONGEST + 1);
}
