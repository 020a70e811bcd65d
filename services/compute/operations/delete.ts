import { InstanceNotFound } from '@mini-nova/domain/exceptions';
import { isOutage } from '@mini-nova/domain/outage-retry';
import { TaskState } from '@mini-nova/domain/states/task-state';
import type { RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { attempt } from '../best-effort.ts';
import type { ComputeHost } from '../compute-host.ts';
import { endUnlessChanged, recordOf } from '../instance-records.ts';
import { releaseEverywhere } from '../resources/resource-tracker.ts';
import type { ComputeOperation } from './operation.ts';

/**
 * Carries out a requested deletion if the record confirms it: a request may be older than the database's state. If it is
 * not carried out although the instance is being deleted, the conductor's sweep requests it again.
 */
export const deleteInstance: ComputeOperation<'terminateInstance'> = async (host, ctxt, { instance }) => {
  const obstacle = obstacleTo(host, instance.uuid, await recordOf(host, instance.uuid));
  if (obstacle === undefined) return terminateInstance(host, ctxt, instance);
  host.logger.warn(
    { instance_uuid: instance.uuid, host: host.name, reason: obstacle },
    'A deletion that was ordered is not carried out',
  );
};

function obstacleTo(host: ComputeHost, uuid: string, record: Instance | undefined): string | undefined {
  if (record === undefined) return 'there is no record of the instance';
  if (record.host !== host.name) return `the instance is recorded on ${record.host ?? 'no host'}`;
  if (!record.deleted && record.task_state !== TaskState.DELETING) return 'the instance is not being deleted';
  if (!host.ownRecords.mayDestroy(uuid)) return 'the records of this compute are missing';
  return undefined;
}

/**
 * Deletes the instance with all it holds. Each step may have been done before, so a repeated message does no harm. The
 * record goes last: while it exists, the conductor's sweep repeats the deletion. No failure cancels a deletion.
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

/** Shows the user ERROR and the reason; the instance is still being deleted. */
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
    await endUnlessChanged(host, ctxt, instance, error, {
      changes: { task_state: TaskState.DELETING },
      expected: { taskState: [TaskState.DELETING] },
    });
  });
}
