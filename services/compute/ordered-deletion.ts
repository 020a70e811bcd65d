import { TaskState } from '@mini-nova/domain/states/task-state';
import type { RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import type { ComputeHost } from './compute-host.ts';
import { recordOf } from './guest-watch.ts';
import { terminateInstance } from './termination.ts';

/**
 * Carries out a deletion that was ordered, if the record says so, too: an order may be older than the database's state.
 * One that is not carried out, though the instance is being deleted, is ordered again by the conductor's sweep.
 */
export async function deleteAsOrdered(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
): Promise<void> {
  const obstacle = obstacleTo(host, instance.uuid, await recordOf(host, instance.uuid));
  if (obstacle === undefined) return terminateInstance(host, ctxt, instance);
  host.logger.warn(
    { instance_uuid: instance.uuid, host: host.name, reason: obstacle },
    'A deletion that was ordered is not carried out',
  );
}

function obstacleTo(host: ComputeHost, uuid: string, record: Instance | undefined): string | undefined {
  if (record === undefined) return 'there is no record of the instance';
  if (record.host !== host.name) return `the instance is recorded on ${record.host ?? 'no host'}`;
  if (!record.deleted && record.task_state !== TaskState.DELETING) return 'the instance is not being deleted';
  if (!host.ownRecords.mayDestroy(uuid)) return 'the records of this compute are missing';
  return undefined;
}
