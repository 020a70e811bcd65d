import type { ConfigValues, Schema } from '@mini-nova/config';
import type { HostState, NodeColumn } from '../hosts/host-manager.ts';
import type { ScheduleRequest } from '../schedule-request.ts';

/** Decides whether an instance of the request may go to a host. It judges only by its arguments. */
export interface HostFilter<S extends Schema = Schema, C extends NodeColumn = NodeColumn> {
  /** Its name in `[filter_scheduler] enabled_filters` and in "No valid host was found". */
  readonly name: string;
  /** Its own options in nova.conf. */
  readonly options: S;
  /** The columns of the compute node's record that it judges by. No others are read from the database. */
  readonly reads: readonly C[];
  /**
   * Whether each host is judged only once for all instances of a request. Then the verdict must not depend on where the
   * other instances go, or on what they use of the host.
   */
  readonly oncePerRequest: boolean;
  passes(host: HostState<C>, request: ScheduleRequest, config: ConfigValues<S>): boolean;
}

type Optional = 'options' | 'reads' | 'oncePerRequest';

/** Makes a filter. Only its name and `passes` are required. */
export function hostFilter<const S extends Schema = Record<never, never>, const C extends NodeColumn = never>(
  filter: Omit<HostFilter<S, C>, Optional> & Partial<Pick<HostFilter<S, C>, Optional>>,
): HostFilter<S, C> {
  return { options: {} as S, reads: [], oncePerRequest: false, ...filter };
}
