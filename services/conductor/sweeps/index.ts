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
  /** Tells for how long computes have been able to make progress. Default: it is not asked. */
  presence?: Presence;
  logger: Logger;
}

/** Seconds. */
const LONGEST_SPACING = 10;
/** Seconds within which a request that is made again is answered. */
const ANSWER = 2;
/** A task with it does not run. */
const NEVER = -1;

/**
 * The conductor's periodic tasks: they settle what is in transition and was forgotten by its owner. Several conductors
 * may run them at once, since each change is guarded. The table of states and the present timeouts say how long they
 * wait, and with it how often they run.
 */
export function conductorSweeps(options: SweepOptions): PeriodicTask[] {
  const { config, presence = new Presence(options), ...tools } = options;
  const failedBuilds = new FailedBuilds(options);
  const [deletions, powerChanges] = [new RepeatedRequests(), new RepeatedRequests()];
  const [orphanedAllocations, endedMigrations] = [new OrphanedAllocations(), new EndedMigrations()];
  const task = (name: string, times: number[], run: PeriodicTask['run']) => ({
    name,
    spacing: spacingOf(times),
    // A conductor that was killed may have left it undone: a new start does not put it off.
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
      // The present times, which may have changed since the spacings were asked for, and may change during the sweep.
      const timeouts: Timeouts = { ...config };
      const times = timesOf(ways, timeouts);
      if (times.length === 0) return;
      const longest = Math.max(...times);
      if (!(await isAnyoneStuck(tools, presence, longest))) return;
      const now = await trueNow(tools, longest);
      if (now === undefined) return;
      const deadlines = new Deadlines(now, timeouts);
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
      // Without a reliable clock only what needs no age is released: what ended instances hold.
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
 * After an outage, those who work on an instance need a while to show it: a build that waits for its turn does so three
 * times per timeout, and a refused request is made again within seconds. Silence during an outage is no reason to end
 * anything.
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
 * Now, by the clock that has dated the records. Undefined when that clock was set less than `age` seconds ago: records
 * from before would look older, or younger, than they are. They are judged when they are really as old as they look.
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
