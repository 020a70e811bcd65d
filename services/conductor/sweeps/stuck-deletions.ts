import { type Database, databaseTimestamp, deleteAllocations, releasePorts } from '@mini-nova/database';
import type { Logger, RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { isEnded } from '../../compute/build-reasons.ts';
import type { ComputeAPI } from '../../compute/rpcapi.ts';
import { TaskState } from '../../compute/task-states.ts';
import type { InstanceStore } from '../../stores/instance-store.ts';
import type { ServiceStore } from '../../stores/service-store.ts';
import { secondsBefore } from './last-change.ts';

export interface StuckDeletionsOptions {
  db: Database;
  instances: InstanceStore;
  services: ServiceStore;
  compute: ComputeAPI;
  /** Seconds. */
  timeout: number;
  /** By the database's clock, as all times of records are. */
  now: Date;
  /** Seconds without a heartbeat until a compute is down. */
  serviceDownTime: number;
  logger: Logger;
}

/**
 * Has deletions without progress repeated by their compute. Where there is none, or it is down, the records are
 * deleted here; such a compute destroys the guest when it comes up again.
 */
export async function finishStuckDeletions(ctxt: RpcContext, options: StuckDeletionsOptions): Promise<void> {
  const { instances, compute, timeout, now, logger } = options;
  const changedBefore = secondsBefore(now, timeout).toISOString();
  for (const instance of await instances.list({ taskStates: [TaskState.DELETING], changedBefore })) {
    const { uuid, host } = instance;
    if (host !== null && (await isComputeUp(options, host))) {
      if (!(await waitAgain(options, instance))) continue;
      logger.warn({ instance_uuid: uuid, host }, 'A deletion made no progress; asking the compute again');
      await compute.terminateInstance(ctxt, { instance });
    } else {
      logger.warn(
        { instance_uuid: uuid, host },
        'A deletion made no progress, and no compute is up to do it',
      );
      await deleteRecords(options, instance);
    }
  }
}

async function isComputeUp(
  { services, serviceDownTime }: StuckDeletionsOptions,
  host: string,
): Promise<boolean> {
  const service = await services.getByHostAndBinary(host, 'nova-compute');
  return service !== undefined && services.isUp(service, serviceDownTime);
}

/** A save changes the time of the last change, from which the next timeout runs. */
async function waitAgain({ instances }: StuckDeletionsOptions, instance: Instance): Promise<boolean> {
  try {
    await instances.update(instance, {}, { expectedTaskState: [TaskState.DELETING] });
    return true;
  } catch (error) {
    if (isEnded(error)) return false;
    throw error;
  }
}

async function deleteRecords({ db, instances }: StuckDeletionsOptions, instance: Instance): Promise<void> {
  await db.transaction(async (trx) => {
    await instances.within(trx).destroy(instance);
    await deleteAllocations(trx, instance.uuid);
    await releasePorts(trx, { deviceUuid: instance.uuid, at: databaseTimestamp(trx) });
  });
}
