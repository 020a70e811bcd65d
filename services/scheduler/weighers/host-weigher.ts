import type { HostState } from '../host-state.ts';

/** Says how good a host is in one respect. */
export interface HostWeigher {
  readonly name: string;
  /** Importance beside the other weighers; negative turns the preference round. */
  readonly multiplier: number;
  /** In any unit, more is better: only the order and the distances between hosts count. */
  weigh(host: HostState): number;
}
