import type { domainOptions } from '../options.ts';

/** Options of group DEFAULT that set after how many seconds without progress something is settled. */
type TimeoutOption = Extract<keyof (typeof domainOptions)['DEFAULT'], 'instance_build_timeout'>;

/** For how long the conductor waits for progress before it settles something. */
export interface Patience {
  /** The option with this time, unless it is 0. */
  readonly after: TimeoutOption;
  /** Seconds when the option is 0; null: it then waits for ever. */
  readonly withoutTimeout: number | null;
}

export type Timeouts = { readonly [O in TimeoutOption]: number };

/** Seconds; infinite: it is never settled. */
export function secondsOf({ after, withoutTimeout }: Patience, timeouts: Timeouts): number {
  return timeouts[after] > 0 ? timeouts[after] : (withoutTimeout ?? Number.POSITIVE_INFINITY);
}

/** For what is settled in any case. */
export const untilSettled = {
  after: 'instance_build_timeout',
  withoutTimeout: 300,
} as const satisfies Patience;

/** For builds: if the option is 0 they may take any time. */
export const untilBuilt = {
  after: 'instance_build_timeout',
  withoutTimeout: null,
} as const satisfies Patience;
