import type { Logger } from '@mini-nova/messaging';
import { isEnded } from '../../compute/build-reasons.ts';
import { powerTaskStates } from '../../compute/task-states.ts';
import type { InstanceStore } from '../../stores/instance-store.ts';
import { secondsBefore } from './last-change.ts';

export interface StuckPowerChangesOptions {
  instances: InstanceStore;
  /** Seconds. */
  timeout: number;
  /** By the database's clock, as all times of records are. */
  now: Date;
  logger: Logger;
}

/** Frees instances whose start, stop or reboot was lost on its way, so that the user can ask again. */
export async function clearStuckPowerChanges(options: StuckPowerChangesOptions): Promise<void> {
  const { instances, timeout, now, logger } = options;
  const changedBefore = secondsBefore(now, timeout).toISOString();
  for (const instance of await instances.list({ taskStates: powerTaskStates, changedBefore })) {
    const stuck = instance.task_state;
    try {
      await instances.update(instance, { task_state: null }, { expectedTaskState: [stuck] });
      logger.warn({ instance_uuid: instance.uuid, task_state: stuck }, 'A power operation made no progress');
    } catch (error) {
      if (!isEnded(error)) throw error;
    }
  }
}
