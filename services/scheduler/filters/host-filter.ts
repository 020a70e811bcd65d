import type { ConfigValues, Schema } from '@mini-nova/config';
import type { HostState, NodeColumn } from '../hosts/host-manager.ts';
import type { ScheduleRequest } from '../schedule-request.ts';

/** Decides for one host whether an instance of the request may go there. Judges by nothing else than what it is given. */
export interface HostFilter<S extends Schema = Schema, C extends NodeColumn = NodeColumn> {
  /** As in `[filter_scheduler] enabled_filters` and in "No valid host was found". */
  readonly name: string;
  /** What it reads of nova.conf, beside what others read. */
  readonly options: S;
  /** The columns of the compute node's record that it judges by: others are not read from the database. */
  readonly reads: readonly C[];
  /**
   * Each host is judged once for all instances of a request: the verdict does not depend on where the other instances
   * go, nor on what they take of the host.
   */
  readonly oncePerRequest: boolean;
  passes(host: HostState<C>, request: ScheduleRequest, config: ConfigValues<S>): boolean;
}

type Optional = 'options' | 'reads' | 'oncePerRequest';

/** Of a filter's parts only the name and the verdict must be said. */
export function hostFilter<const S extends Schema = Record<never, never>, const C extends NodeColumn = never>(
  filter: Omit<HostFilter<S, C>, Optional> & Partial<Pick<HostFilter<S, C>, Optional>>,
): HostFilter<S, C> {
  return { options: {} as S, reads: [], oncePerRequest: false, ...filter };
}
