import type { HostState } from '../host-state.ts';
import type { ScheduleRequest } from '../schedule-request.ts';

/** Decides for one host whether an instance of the request may go there. Reads only what it is given. */
export interface HostFilter {
  /** As in `[filter_scheduler] enabled_filters` and in "No valid host was found". */
  readonly name: string;
  passes(host: HostState, request: ScheduleRequest): boolean;
}
