import { InstanceNotFound } from '@mini-nova/domain/exceptions';
import { faultOf } from '@mini-nova/domain/instance-fault';
import { isOutage } from '@mini-nova/domain/outage-retry';
import { TaskState } from '@mini-nova/domain/states/task-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { releaseEverywhere } from './allocations.ts';
import { attempt } from './best-effort.ts';
import type { ComputeHost } from './compute-host.ts';

/**
 * Deletes the instance with all it holds. Each step may have been done before, so a repeated message does no harm.
 * The record goes last: as long as it is there, the conductor's sweep has the deletion repeated. Nothing that fails takes
 * the deletion back.
 */
export async function terminateInstance(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
): Promise<void> {
  const { notifications } = host;
  try {
    notifications.tell(ctxt, instance, 'delete.start');
    notifications.tell(ctxt, instance, 'shutdown.start');
    await host.driver.destroy(ctxt, instance);
    await host.network.deallocateForInstance(ctxt, { instance_uuid: instance.uuid });
    notifications.tell(ctxt, instance, 'shutdown.end');
    await releaseEverywhere(host, ctxt, instance.uuid);
    await destroyRecord(host, ctxt, instance);
    host.logger.info({ instance_uuid: instance.uuid, host: host.name }, 'Instance is deleted');
    notifications.tell(ctxt, instance, 'delete.end', { deletedAt: new Date() });
  } catch (error) {
    if (isOutage(error)) throw error;
    await recordFailure(host, ctxt, instance, error);
  }
}

async function destroyRecord(host: ComputeHost, ctxt: RpcContext, instance: Instance): Promise<void> {
  try {
    await host.conductor.instanceDestroy(ctxt, instance);
  } catch (error) {
    if (!(error instanceof InstanceNotFound)) throw error;
  }
}

/** The user sees ERROR and why; the instance is still being deleted. */
async function recordFailure(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  error: unknown,
): Promise<void> {
  host.logger.error(
    { instance_uuid: instance.uuid, host: host.name, err: error },
    'Failed to delete the instance; it is tried again',
  );
  await attempt(host, instance, 'record why the deletion failed', async () => {
    await host.conductor.faultCreate(ctxt, faultOf(instance.uuid, error, host.name));
    const failed = { vm_state: VmState.ERROR };
    await host.conductor.instanceSave(ctxt, instance, failed, { taskState: [TaskState.DELETING] });
  });
}
