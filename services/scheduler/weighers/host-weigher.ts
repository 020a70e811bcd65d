import { type ConfigValues, composeSchema, float, type Option, type Schema } from '@mini-nova/config';
import type { HostState, NodeColumn } from '../hosts/host-manager.ts';
import type { ScheduleRequest } from '../schedule-request.ts';

/** Says how good a host is in one respect. It judges only by its arguments. */
export interface HostWeigher<S extends Schema = Schema, C extends NodeColumn = NodeColumn> {
  readonly name: string;
  /** Its own options in nova.conf, including its multiplier. */
  readonly options: S;
  /**
   * The option in `[filter_scheduler]` that says how much the weigher counts beside the others; a negative value reverses
   * the preference. A number of this name in the metadata of a host's aggregate takes precedence for that host.
   */
  readonly multiplierOption: string;
  /** The columns of the compute node's record that it judges by. No others are read from the database. */
  readonly reads: readonly C[];
  /** More is better, in any unit: only the order of hosts and the distances between them count. */
  weigh(host: HostState<C>, request: ScheduleRequest, config: ConfigValues<S>): number;
}

type MultiplierSchema<M extends string> = {
  readonly filter_scheduler: { readonly [name in M]: Option<number> };
};

interface WeigherDefinition<M extends string, S extends Schema, C extends NodeColumn>
  extends Pick<HostWeigher<MultiplierSchema<M> & S, C>, 'name' | 'weigh'>,
    Partial<Pick<HostWeigher<S, C>, 'reads'>> {
  multiplier: { option: M; default: number; help: string; deprecated?: readonly string[] };
  /** Options besides the multiplier. */
  options?: S;
}

export function hostWeigher<
  const M extends string,
  const S extends Schema = Record<never, never>,
  const C extends NodeColumn = never,
>({
  multiplier: { option, ...values },
  options = {} as S,
  reads = [],
  ...weigher
}: WeigherDefinition<M, S, C>): HostWeigher<MultiplierSchema<M> & S, C> {
  const multiplier = float({ ...values, min: -1_000_000, max: 1_000_000, mutable: true });
  const own = { filter_scheduler: { [option]: multiplier } } as MultiplierSchema<M>;
  return { ...weigher, options: composeSchema(own, options), multiplierOption: option, reads };
}
