import type { Database } from '@mini-nova/database';
import type { Logger } from '@mini-nova/messaging';
import type { PeriodicTask } from '@mini-nova/service';
import type { ComputeAPI } from '../../compute/rpcapi.ts';
import type { InstanceStore } from '../../stores/instance-store.ts';
import type { ServiceStore } from '../../stores/service-store.ts';
import { FailedBuilds } from '../failed-builds.ts';
import { releaseOrphanedAllocations } from './orphaned-allocations.ts';
import { endStuckBuilds } from './stuck-builds.ts';
import { finishStuckDeletions } from './stuck-deletions.ts';
import { clearStuckPowerChanges } from './stuck-power-changes.ts';

export interface SweepOptions {
  db: Database;
  instances: InstanceStore;
  services: ServiceStore;
  compute: ComputeAPI;
  /** `instance_build_timeout`, seconds; 0: only allocations are swept. */
  timeout: number;
  /** `service_down_time`, seconds. */
  serviceDownTime: number;
  logger: Logger;
}

/** Seconds after which an allocation without use is released, when nothing else says. */
const defaultAge = 300;
/** Seconds. */
const longestSpacing = 10;

/**
 * What the conductor does again and again: it owns what is in transition, whoever has forgotten it. Several
 * conductors may do it at once: each change is guarded.
 */
export function conductorSweeps(options: SweepOptions): PeriodicTask[] {
  const { db, timeout, logger } = options;
  const age = timeout > 0 ? timeout : defaultAge;
  const spacing = Math.min(longestSpacing, age / 3);
  const allocations: PeriodicTask = {
    name: 'release_orphaned_allocations',
    spacing,
    run: () => releaseOrphanedAllocations({ db, age, logger }),
  };
  if (timeout <= 0) return [allocations];
  const failedBuilds = new FailedBuilds(options);
  return [
    { name: 'end_stuck_builds', spacing, run: () => endStuckBuilds({ ...options, failedBuilds }) },
    { name: 'finish_stuck_deletions', spacing, run: (ctxt) => finishStuckDeletions(ctxt, options) },
    { name: 'clear_stuck_power_changes', spacing, run: () => clearStuckPowerChanges(options) },
    allocations,
  ];
}
