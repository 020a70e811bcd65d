import { BuildAbortException } from '@mini-nova/domain/exceptions';
import { messageOf } from '@mini-nova/domain/instance-fault';
import { infoCacheOf } from '@mini-nova/domain/network-model';
import { unexpectedState } from '@mini-nova/domain/states/expected-states';
import { tasksThat, wayOf } from '@mini-nova/domain/states/instance-states';
import { TaskState } from '@mini-nova/domain/states/task-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { RpcContext } from '@mini-nova/messaging';
import type { ChangesOf, Instance } from '@mini-nova/objects';
import { attempt } from '../best-effort.ts';
import type { ComputeHost } from '../compute-host.ts';
import { currentInstance, endUnlessChanged, recordOf, saveIfExpected } from '../instance-records.ts';
import { releaseHere } from '../resources/resource-tracker.ts';

/** The states of a build that has not ended. */
export const stillBuilding = {
  vmState: [VmState.BUILDING],
  taskState: [null, ...tasksThat('end the build')],
} as const;

/** Removes what a build made here. False: the guest may still exist and use its resources. */
export async function undoBuild(host: ComputeHost, ctxt: RpcContext, instance: Instance): Promise<boolean> {
  const clean = await attempt(host, instance, 'destroy the guest of a failed build', () =>
    host.driver.destroy(ctxt, instance),
  );
  if (clean) host.unfinishedGuests.delete(instance.uuid);
  await attempt(host, instance, 'deallocate the networks of a failed build', () =>
    host.network.deallocateForInstance(ctxt, { instance_uuid: instance.uuid }),
  );
  return clean;
}

/** Ends a build in ERROR with a fault. If its guest is gone (`clean`), the instance leaves the host and its allocation. */
export async function abortBuild(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  { error, clean }: { error: unknown; clean: boolean },
): Promise<void> {
  const reason = messageOf(error);
  host.logger.warn({ instance_uuid: instance.uuid, host: host.name, reason }, 'The build failed');
  if (clean) {
    await attempt(host, instance, 'release the allocation of a failed build', () =>
      releaseHere(host, ctxt, instance.uuid),
    );
  }
  const changes = clean ? withoutHost(instance) : {};
  const ended = await endUnlessGone(host, ctxt, instance, { error: asAbort(instance, error), changes });
  if (clean && !ended) await leaveEndedBuild(host, ctxt, instance.uuid);
}

/** False: the build was ended elsewhere, or goes on elsewhere. Then this failure is not recorded as its fault. */
async function endUnlessGone(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  { error, changes }: { error: Error; changes: ChangesOf<Instance> },
): Promise<boolean> {
  const current = await currentInstance(host, ctxt, instance.uuid);
  const isOurs = current && (current.host === null || current.host === host.name);
  if (!isOurs || !isStillBuilding(current)) return false;
  return endUnlessChanged(host, ctxt, instance, error, { changes, expected: stillBuilding });
}

function isStillBuilding(instance: Instance): boolean {
  return unexpectedState(instance, stillBuilding) === undefined;
}

/** Ends in ERROR, with a fault, a build that no host has begun. One that has moved to another host or ended is left alone. */
export async function refuseBuild(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  error: BuildAbortException,
): Promise<void> {
  host.logger.warn(
    { instance_uuid: instance.uuid, host: host.name, reason: error.message },
    'The build was refused',
  );
  const current = await currentInstance(host, ctxt, instance.uuid);
  if (current?.vm_state !== VmState.BUILDING || current.task_state !== TaskState.SCHEDULING) return;
  const untouched = { vmState: [VmState.BUILDING], taskState: [TaskState.SCHEDULING] };
  await endUnlessChanged(host, ctxt, instance, error, { expected: untouched });
}

/**
 * Removes what is left here of a build that failed and could not be undone, or that was ended while this compute was away.
 * A guest that an earlier process made stays, with all it has: its record may be older than the guest, and the user can
 * delete an instance in ERROR.
 */
export async function leaveHost(host: ComputeHost, ctxt: RpcContext, instance: Instance): Promise<void> {
  const hasGuest = (await host.driver.listInstanceUuids()).includes(instance.uuid);
  if (hasGuest && !host.unfinishedGuests.has(instance.uuid)) return;
  if (!(await undoBuild(host, ctxt, instance))) return;
  await releaseHere(host, ctxt, instance.uuid);
  const expected = { vmState: [VmState.ERROR], taskState: [null] };
  await saveIfExpected(host, ctxt, instance, withoutHost(instance), expected);
}

/** Gives back what a build that was ended elsewhere holds here. If it failed, its record then names no host. */
export async function leaveEndedBuild(host: ComputeHost, ctxt: RpcContext, uuid: string): Promise<void> {
  const record = await recordOf(host, uuid);
  const isFailedHere =
    record !== undefined &&
    !record.deleted &&
    record.host === host.name &&
    wayOf(record) === 'leave the host';
  if (isFailedHere) await leaveHost(host, ctxt, record);
  else await releaseHere(host, ctxt, uuid);
}

/** The record's changes when an instance leaves its host. */
export function withoutHost(instance: Instance): ChangesOf<Instance> {
  return { host: null, node: null, info_cache: infoCacheOf(instance, []) };
}

function asAbort(instance: Instance, error: unknown): BuildAbortException {
  if (error instanceof BuildAbortException) return error;
  return new BuildAbortException(
    { instance_uuid: instance.uuid, reason: messageOf(error) },
    { cause: error },
  );
}
