import type { domainOptions } from '../options.ts';

/** Options of group DEFAULT that say after how many seconds without progress something is settled. */
type TimeoutOption = Extract<keyof (typeof domainOptions)['DEFAULT'], 'instance_build_timeout'>;

/** For how long the conductor waits for progress before it settles something. */
export interface Patience {
  /** Says it, unless it is 0. */
  readonly after: TimeoutOption;
  /** Seconds when the option is 0; null: then it waits for ever. */
  readonly withoutTimeout: number | null;
}

export type Timeouts = { readonly [O in TimeoutOption]: number };

/** Seconds; infinite: nothing is settled. */
export function secondsOf({ after, withoutTimeout }: Patience, timeouts: Timeouts): number {
  return timeouts[after] > 0 ? timeouts[after] : (withoutTimeout ?? Number.POSITIVE_INFINITY);
}

/** Of what is settled in any case. */
export const untilSettled = {
  after: 'instance_build_timeout',
  withoutTimeout: 300,
} as const satisfies Patience;

/** Of builds: with option 0 they may take as long as they want. */
export const untilBuilt = {
  after: 'instance_build_timeout',
  withoutTimeout: null,
} as const satisfies Patience;
