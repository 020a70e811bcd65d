import type { ComputeAPI } from '@mini-nova/compute/rpcapi';
import type { Database } from '@mini-nova/data/database';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import type { DataConfig } from '@mini-nova/data/options';
import type { ServiceStore } from '@mini-nova/data/services/store';
import { LONGEST_PAUSE } from '@mini-nova/domain/outage-retry';
import type { Way } from '@mini-nova/domain/states/instance-states';
import { secondsOf, type Timeouts, untilSettled } from '@mini-nova/domain/states/patience';
import type { Logger } from '@mini-nova/messaging';
import type { PeriodicTask, RequestContext } from '@mini-nova/service';
import { FailedBuilds } from '../failed-builds.ts';
import { Presence } from '../presence.ts';
import { Deadlines, timesOf } from './deadlines.ts';
import { EndedMigrations } from './ended-migrations.ts';
import { correctImpossibleStates, corrections } from './impossible-states.ts';
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
  /** Read at each sweep. In seconds. */
  config: Timeouts & Pick<DataConfig['DEFAULT'], 'service_down_time'>;
  /** Says what else computes need to get on. Default: nothing. */
  presence?: Presence;
  logger: Logger;
}

/** Seconds. */
const LONGEST_SPACING = 10;
/** Seconds within which who asks again has an answer. */
const ANSWER = 2;
/** A task with it does not run. */
const NEVER = -1;

/**
 * What the conductor does again and again: it owns what is in transition, whoever has forgotten it. Several
 * conductors may do it at once: each change is guarded. How long they wait, and with it their spacings, the table of states
 * says with the present timeouts.
 */
export function conductorSweeps(options: SweepOptions): PeriodicTask[] {
  const { config, presence = new Presence(options), ...tools } = options;
  const failedBuilds = new FailedBuilds(options);
  const [deletions, powerChanges] = [new RepeatedRequests(), new RepeatedRequests()];
  const [orphanedAllocations, endedMigrations] = [new OrphanedAllocations(), new EndedMigrations()];
  const task = (name: string, times: number[], run: PeriodicTask['run']) => ({
    name,
    spacing: spacingOf(times),
    // A conductor that was killed had it to do: it is not put off by a new start.
    runImmediately: true,
    fuzzyDelay: spacingOf(times),
    run,
  });
  const sweep = (
    name: string,
    ways: readonly Way[],
    run: (timed: TimedSweep, ctxt: RequestContext) => Promise<void>,
  ) =>
    task(name, timesOf(ways, config), async (ctxt) => {
      // As they are now: they may have changed since the spacings were asked for.
      const times = timesOf(ways, config);
      if (times.length === 0) return;
      const longest = Math.max(...times);
      if (!(await isAnyoneStuck(tools, presence, longest))) return;
      const now = await trueNow(tools, longest);
      if (now === undefined) return;
      const deadlines = new Deadlines(now, config);
      await run({ ...tools, deadlines, serviceDownTime: config.service_down_time }, ctxt);
    });
  const age = () => secondsOf(untilSettled, config);
  return [
    sweep('end_stuck_builds', ['end the build'], (timed) => endStuckBuilds({ ...timed, failedBuilds })),
    sweep('finish_stuck_deletions', ['finish the deletion'], (timed, ctxt) =>
      finishStuckDeletions(ctxt, { ...timed, repeated: deletions }),
    ),
    sweep('finish_stuck_power_changes', ['finish the power change'], (timed, ctxt) =>
      finishStuckPowerChanges(ctxt, { ...timed, repeated: powerChanges }),
    ),
    sweep('correct_impossible_states', corrections, correctImpossibleStates),
    task('release_orphaned_allocations', [age()], async () => {
      // Without a clock only that is released which is of no age: what instances hold that have ended.
      const aged = { age: age(), now: (await trueNow(tools, age())) ?? new Date(0) };
      await orphanedAllocations.release({ ...tools, ...aged });
      await endedMigrations.settle({ ...tools, ...aged });
    }),
    task('release_orphaned_ports', [age()], () => releaseOrphanedPorts(tools)),
  ];
}

interface TimedSweep extends Omit<SweepOptions, 'config'> {
  deadlines: Deadlines;
  /** Seconds. */
  serviceDownTime: number;
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

/** Seconds between two runs of a task that has something to do after each of these times. */
function spacingOf(times: number[]): number {
  return times.length > 0 ? Math.min(LONGEST_SPACING, Math.min(...times) / 3) : NEVER;
}
