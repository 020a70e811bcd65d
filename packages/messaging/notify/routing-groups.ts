/**
 * What goes by which driver, in the form of oslo.messaging's `routing_config` file once that is parsed. A notification
 * goes by each driver whose rules, in some group, accept it.
 */
export interface RoutingGroups {
  readonly [group: string]: { readonly [driver: string]: RoutingRules };
}

/** All that are given must accept. A driver without rules takes everything. */
export interface RoutingRules {
  /** Shell patterns for event types: `compute.instance.*`. One must match. */
  readonly accepted_events?: readonly string[];
  /** Shell patterns for priorities, in any case: `error`. One must match. */
  readonly accepted_priorities?: readonly string[];
}
