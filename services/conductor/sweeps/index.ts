import type { ComputeAPI } from '@mini-nova/compute/rpcapi';
import type { Database } from '@mini-nova/data/database';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import type { DataConfig } from '@mini-nova/data/options';
import type { ServiceStore } from '@mini-nova/data/services/store';
import { LONGEST_PAUSE } from '@mini-nova/domain/outage-retry';
import type { Logger } from '@mini-nova/messaging';
import type { PeriodicTask, RequestContext } from '@mini-nova/service';
import { FailedBuilds } from '../failed-builds.ts';
import { Presence } from '../presence.ts';
import { EndedMigrations } from './ended-migrations.ts';
import { correctImpossibleStates } from './impossible-states.ts';
import { OrphanedAllocations } from './orphaned-allocations.ts';
import { releaseOrphanedPorts } from './orphaned-ports.ts';
import { RepeatedRequests } from './repeated-requests.ts';
import { endStuckBuilds } from './stuck-builds.ts';
import { finishStuckDeletions } from './stuck-deletions.ts';
import { finishStuckPowerChanges } from './stuck-power-changes.ts';

export interface SweepOptions {
  db: Database;
  instances: InstanceStore;
  services: ServiceStore;
  compute: ComputeAPI;
  /** Read at each sweep. Both in seconds; no build timeout (0): builds are not ended. */
  config: Pick<DataConfig['DEFAULT'], 'instance_build_timeout' | 'service_down_time'>;
  /** Says what else computes need to get on. Default: nothing. */
  presence?: Presence;
  logger: Logger;
}

/** Seconds after which what makes no progress is settled, when there is no build timeout that says it. */
const DEFAULT_AGE = 300;
/** Seconds. */
const LONGEST_SPACING = 10;
/** Seconds within which who asks again has an answer. */
const ANSWER = 2;
/** A task with it does not run. */
const NEVER = -1;

/**
 * What the conductor does again and again: it owns what is in transition, whoever has forgotten it. Several
 * conductors may do it at once: each change is guarded. The spacings are those of the present build timeout.
 */
export function conductorSweeps(options: SweepOptions): PeriodicTask[] {
  const { config, presence = new Presence(options), ...tools } = options;
  const failedBuilds = new FailedBuilds(options);
  const [deletions, powerChanges] = [new RepeatedRequests(), new RepeatedRequests()];
  const [orphanedAllocations, endedMigrations] = [new OrphanedAllocations(), new EndedMigrations()];
  const task = (name: string, run: (ctxt: RequestContext) => Promise<void>) => ({
    name,
    spacing: spacingOf(config),
    // A conductor that was killed had it to do: it is not put off by a new start.
    runImmediately: true,
    fuzzyDelay: spacingOf(config),
    run,
  });
  const sweep = (name: string, run: (timed: TimedSweep, ctxt: RequestContext) => Promise<void>) =>
    task(name, async (ctxt) => {
      const timeout = ageOf(config);
      if (!(await isAnyoneStuck(tools, presence, timeout))) return;
      const now = await trueNow(tools, timeout);
      if (now === undefined) return;
      await run({ ...tools, timeout, now, serviceDownTime: config.service_down_time }, ctxt);
    });
  return [
    {
      ...sweep('end_stuck_builds', async (timed) => {
        // It may have been taken away after the last spacings were asked for: then no build is too old.
        if (config.instance_build_timeout > 0) await endStuckBuilds({ ...timed, failedBuilds });
      }),
      spacing: config.instance_build_timeout > 0 ? spacingOf(config) : NEVER,
    },
    sweep('finish_stuck_deletions', (timed, ctxt) =>
      finishStuckDeletions(ctxt, { ...timed, repeated: deletions }),
    ),
    sweep('finish_stuck_power_changes', (timed, ctxt) =>
      finishStuckPowerChanges(ctxt, { ...timed, repeated: powerChanges }),
    ),
    sweep('correct_impossible_states', correctImpossibleStates),
    task('release_orphaned_allocations', async () => {
      const age = ageOf(config);
      // Without a clock only that is released which is of no age: what instances hold that have ended.
      const now = (await trueNow(tools, age)) ?? new Date(0);
      await orphanedAllocations.release({ ...tools, age, now });
      await endedMigrations.settle({ ...tools, age, now });
    }),
    task('release_orphaned_ports', () => releaseOrphanedPorts(tools)),
  ];
}

interface TimedSweep extends Omit<SweepOptions, 'config'> {
  /** Seconds. */
  timeout: number;
  /** Seconds. */
  serviceDownTime: number;
  /** By the database's clock. */
  now: Date;
}

/**
 * After an outage those who work on an instance need a while to say so: who waits for a turn does it three times in each
 * timeout, and who was refused asks again within seconds. What was not said during an outage is no reason to end anything.
 */
async function isAnyoneStuck(
  { logger }: Pick<SweepOptions, 'logger'>,
  presence: Presence,
  timeout: number,
): Promise<boolean> {
  const grace = Math.max(timeout / 2, LONGEST_PAUSE + ANSWER);
  if (await presence.lasts(grace)) return true;
  logger.debug({ seconds: grace }, 'Nothing is swept yet: there was an outage, or no conductor');
  return false;
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
