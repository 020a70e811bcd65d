import type { NovaConfig } from '@mini-nova/config';
import type { Database } from '@mini-nova/database';
import type { Logger } from '@mini-nova/messaging';
import type { PeriodicTask, RequestContext } from '@mini-nova/service';
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
  /** Read at each sweep. Both in seconds; no build timeout (0): only allocations are swept. */
  config: Pick<NovaConfig['DEFAULT'], 'instance_build_timeout' | 'service_down_time'>;
  logger: Logger;
}

/** Seconds after which an allocation without use is released, when nothing else says. */
const DEFAULT_AGE = 300;
/** Seconds. */
const LONGEST_SPACING = 10;
/** A task with it does not run. */
const NEVER = -1;

/**
 * What the conductor does again and again: it owns what is in transition, whoever has forgotten it. Several
 * conductors may do it at once: each change is guarded. The spacings are those of the present build timeout.
 */
export function conductorSweeps(options: SweepOptions): PeriodicTask[] {
  const { config, db, logger } = options;
  const failedBuilds = new FailedBuilds(options);
  return [
    timedSweep('end_stuck_builds', options, (timed) => endStuckBuilds({ ...timed, failedBuilds })),
    timedSweep('finish_stuck_deletions', options, (timed, ctxt) => finishStuckDeletions(ctxt, timed)),
    timedSweep('clear_stuck_power_changes', options, clearStuckPowerChanges),
    {
      name: 'release_orphaned_allocations',
      spacing: spacingOf(config),
      run: async () => {
        const age = ageOf(config);
        const now = await trueNow(options, age);
        if (now !== undefined) await releaseOrphanedAllocations({ db, age, now, logger });
      },
    },
  ];
}

interface TimedSweep extends Omit<SweepOptions, 'config'> {
  /** Seconds. */
  timeout: number;
  /** By the database's clock. */
  now: Date;
  /** Seconds. */
  serviceDownTime: number;
}

/** One that runs only while there is a build timeout. */
function timedSweep(
  name: string,
  { config, ...tools }: SweepOptions,
  sweep: (options: TimedSweep, ctxt: RequestContext) => Promise<void>,
): PeriodicTask {
  return {
    name,
    spacing: config.instance_build_timeout > 0 ? spacingOf(config) : NEVER,
    async run(ctxt) {
      const { instance_build_timeout: timeout, service_down_time: serviceDownTime } = config;
      // It may have been taken away after the last spacings were asked for: then everything would be too old.
      if (timeout <= 0) return;
      const now = await trueNow(tools, timeout);
      if (now !== undefined) await sweep({ ...tools, timeout, now, serviceDownTime }, ctxt);
    },
  };
}

/**
 * Now, by the clock that has dated the records. Undefined when that clock was set less than `age` seconds ago: what was
 * written before would look too old by as much, or too young. It then is looked at when it is as old as it looks.
 */
async function trueNow(
  { db, logger }: Pick<SweepOptions, 'db' | 'logger'>,
  age: number,
): Promise<Date | undefined> {
  await db.clock.measure();
  if (db.clock.isSteady(age)) return db.clock.now();
  logger.debug({ seconds: age }, "Nothing is swept yet: the database's clock was set");
  return undefined;
}

/** Seconds. */
function ageOf({ instance_build_timeout: timeout }: SweepOptions['config']): number {
  return timeout > 0 ? timeout : DEFAULT_AGE;
}

/** Seconds. */
function spacingOf(config: SweepOptions['config']): number {
  return Math.min(LONGEST_SPACING, ageOf(config) / 3);
}
