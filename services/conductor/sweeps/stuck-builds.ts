import type { InstanceStore } from '@mini-nova/data/instances/store';
import { BuildAbortException } from '@mini-nova/domain/exceptions';
import { wayOf } from '@mini-nova/domain/states/instance-states';
import type { Instance } from '@mini-nova/objects';
import type { FailedBuilds } from '../failed-builds.ts';
import type { Deadlines } from './deadlines.ts';
import { settleEach, unsettled } from './unsettled.ts';

export interface StuckBuildsOptions {
  instances: InstanceStore;
  failedBuilds: FailedBuilds;
  deadlines: Deadlines;
}

/**
 * Ends builds without progress in ERROR: their message, or the daemon that worked on them, is lost. A compute that
 * is only slow notices at its next step and undoes what it did.
 */
export async function endStuckBuilds(options: StuckBuildsOptions): Promise<void> {
  const { instances, failedBuilds, deadlines } = options;
  const isStill = (present: Instance) => wayOf(present) === 'end the build' && deadlines.isOver(present);
  await settleEach(await unsettled(instances, ['end the build'], deadlines), async (instance) => {
    await failedBuilds.end(instance.uuid, noProgress(instance, deadlines.secondsOf(instance)), isStill);
  });
}

function noProgress({ uuid, task_state, host }: Instance, seconds: number): BuildAbortException {
  const where = host === null ? 'on no host' : `on host ${host}`;
  const reason = `no progress for ${seconds} seconds in task_state ${task_state ?? 'None'} ${where}`;
  return new BuildAbortException({ instance_uuid: uuid, reason });
}
