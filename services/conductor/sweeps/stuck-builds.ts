import type { Instance } from '@mini-nova/objects';
import { TaskState } from '../../compute/task-states.ts';
import { VmState } from '../../compute/vm-states.ts';
import { BuildAbortException } from '../../exceptions.ts';
import type { InstanceStore } from '../../stores/instance-store.ts';
import type { FailedBuilds } from '../failed-builds.ts';
import { isUnchangedSince, secondsBefore } from './last-change.ts';

export interface StuckBuildsOptions {
  instances: InstanceStore;
  failedBuilds: FailedBuilds;
  /** Seconds. */
  timeout: number;
  /** By the database's clock, as all times of records are. */
  now: Date;
}

/**
 * Ends builds without progress in ERROR: their message, or the daemon that worked on them, is lost. A compute that
 * is only slow notices at its next step and undoes what it did.
 */
export async function endStuckBuilds(options: StuckBuildsOptions): Promise<void> {
  const { instances, failedBuilds, timeout, now } = options;
  const since = secondsBefore(now, timeout);
  const filters = { vmStates: [VmState.BUILDING], changedBefore: since.toISOString() };
  for (const instance of await instances.list(filters)) {
    if (instance.task_state === TaskState.DELETING) continue;
    await failedBuilds.end(
      instance.uuid,
      noProgress(instance, timeout),
      (present) =>
        present.vm_state === VmState.BUILDING &&
        present.task_state === instance.task_state &&
        isUnchangedSince(present, since),
    );
  }
}

function noProgress({ uuid, task_state, host }: Instance, timeout: number): BuildAbortException {
  const where = host === null ? 'on no host' : `on host ${host}`;
  const reason = `no progress for ${timeout} seconds in task_state ${task_state ?? 'None'} ${where}`;
  return new BuildAbortException({ instance_uuid: uuid, reason });
}
