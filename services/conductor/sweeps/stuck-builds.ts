import type { InstanceStore } from '@mini-nova/data/instances/store';
import { BuildAbortException } from '@mini-nova/domain/exceptions';
import { wayOf } from '@mini-nova/domain/states/instance-states';
import type { Instance } from '@mini-nova/objects';
import type { FailedBuilds } from '../failed-builds.ts';
import { isUnchangedSince, secondsBefore, settleEach, unsettled } from './unsettled.ts';

export interface StuckBuildsOptions {
  instances: InstanceStore;
  failedBuilds: FailedBuilds;
  /** Seconds. */
  timeout: number;
  /** By the database's clock. */
  now: Date;
}

/**
 * Ends builds without progress in ERROR: their message, or the daemon that worked on them, is lost. A compute that
 * is only slow notices at its next step and undoes what it did.
 */
export async function endStuckBuilds(options: StuckBuildsOptions): Promise<void> {
  const { instances, failedBuilds, timeout, now } = options;
  const since = secondsBefore(now, timeout);
  const isStill = (present: Instance) =>
    wayOf(present) === 'end the build' && isUnchangedSince(present, since);
  await settleEach(await unsettled(instances, ['end the build'], since), async (instance) => {
    await failedBuilds.end(instance.uuid, noProgress(instance, timeout), isStill);
  });
}

function noProgress({ uuid, task_state, host }: Instance, timeout: number): BuildAbortException {
  const where = host === null ? 'on no host' : `on host ${host}`;
  const reason = `no progress for ${timeout} seconds in task_state ${task_state ?? 'None'} ${where}`;
  return new BuildAbortException({ instance_uuid: uuid, reason });
}
