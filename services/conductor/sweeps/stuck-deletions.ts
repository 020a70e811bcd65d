import type { ComputeAPI } from '@mini-nova/compute/rpcapi';
import type { Database } from '@mini-nova/data/database';
import { deleteInstance } from '@mini-nova/data/instances/deletion';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import type { ServiceStore } from '@mini-nova/data/services/store';
import { TaskState } from '@mini-nova/domain/states/task-state';
import type { Logger, RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import type { Deadlines } from './deadlines.ts';
import type { RepeatedRequests } from './repeated-requests.ts';
import { settleEach, unsettled } from './unsettled.ts';

export interface StuckDeletionsOptions {
  db: Database;
  instances: InstanceStore;
  services: ServiceStore;
  compute: ComputeAPI;
  repeated: RepeatedRequests;
  deadlines: Deadlines;
  /** Seconds without a heartbeat until a compute is down. */
  serviceDownTime: number;
  logger: Logger;
}

/**
 * Has deletions without progress repeated by their compute until they succeed. If there is no compute, or it is down,
 * the records are deleted here in the end, and that compute destroys the guest when it comes up again.
 */
export async function finishStuckDeletions(ctxt: RpcContext, options: StuckDeletionsOptions): Promise<void> {
  const { instances, services, serviceDownTime, compute, repeated, deadlines, logger } = options;
  const stuck = await unsettled(instances, ['finish the deletion'], deadlines);
  repeated.retain(new Set(stuck.map(({ uuid }) => uuid)));
  await settleEach(stuck, async (instance) => {
    const { uuid, host } = instance;
    const data = { instance_uuid: uuid, host };
    if (isComputesTask(instance) && (await services.isComputeUp(host, serviceDownTime))) {
      if (!repeated.isDue(uuid, deadlines.secondsToRepeat(instance))) return;
      logger.warn(data, 'A deletion made no progress; asking the compute again');
      await compute.terminateInstance(ctxt, { instance });
    } else if (deadlines.isOver(instance)) {
      logger.warn(data, 'A deletion made no progress, and no compute is up to do it');
      await deleteInstance(options.db, instances, instance);
    }
  });
}

/** One that is in vm_state deleted was deleted by its compute. */
function isComputesTask({ task_state, host }: Instance): boolean {
  return host !== null && task_state === TaskState.DELETING;
}
