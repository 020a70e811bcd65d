import { BuildAbortException } from '@mini-nova/domain/exceptions';
import { wayOf } from '@mini-nova/domain/states/instance-states';
import { PowerState } from '@mini-nova/domain/states/power-state';
import { TaskState } from '@mini-nova/domain/states/task-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { RpcContext } from '@mini-nova/messaging';
import type { Instance, Migration } from '@mini-nova/objects';
import { attempt } from './best-effort.ts';
import { abortBuild, leaveHost, undoBuild } from './build-end.ts';
import type { ComputeHost } from './compute-host.ts';
import { currentHere } from './current-instance.ts';
import type { InstanceLocks } from './instance-locks.ts';
import { movesUnderWay } from './moves.ts';
import { powerStateOf, repeatPowerChange, saveIfIn } from './power.ts';
import { terminateInstance } from './termination.ts';

/**
 * Brings the records of this host together with its guests after a start. What was being done to an instance when the
 * process ended is finished or given up, so that nothing stays in a state of transition. What this process itself does
 * to one is left to it.
 */
export async function recoverHost(
  host: ComputeHost,
  ctxt: RpcContext,
  instances: Instance[],
  locks: InstanceLocks,
): Promise<void> {
  const moves = await movesUnderWay(host, ctxt);
  for (const listed of instances) {
    if (wayOf(listed) === 'rest' || locks.isHeld(listed.uuid)) continue;
    await attempt(host, listed, 'recover the instance', () =>
      locks.run(listed.uuid, async () => {
        // As it is now: since the list was read, it may have been sent to another host.
        const instance = await currentHere(host, ctxt, listed.uuid);
        if (instance && !isLeftTo(moves, instance)) await recoverInstance(host, ctxt, instance);
      }),
    );
  }
}

/** What undoes a build destroys the guest: of an instance between two hosts its migration has to say whether that may be. */
function isLeftTo(moves: ReadonlyMap<string, Migration>, instance: Instance): boolean {
  const way = wayOf(instance);
  return moves.has(instance.uuid) && (way === 'end the build' || way === 'leave the host');
}

async function recoverInstance(host: ComputeHost, ctxt: RpcContext, instance: Instance): Promise<void> {
  switch (wayOf(instance)) {
    case 'finish the deletion':
      return terminateInstance(host, ctxt, instance);
    case 'end the build':
      return giveUpBuild(host, ctxt, instance);
    case 'finish the power change':
      return finishPowerChange(host, ctxt, instance);
    case 'leave the host':
      return leaveHost(host, ctxt, instance);
  }
}

/**
 * A guest that is there stays, with its ports and its allocation: the record may be older than the guest, and the user can
 * delete what is in ERROR.
 */
async function giveUpBuild(host: ComputeHost, ctxt: RpcContext, instance: Instance): Promise<void> {
  const doing = instance.task_state ?? 'claiming resources';
  const error = new BuildAbortException({
    instance_uuid: instance.uuid,
    reason: `nova-compute on ${host.name} was restarted during the build (${doing})`,
  });
  const hasGuest = (await host.driver.listInstanceUuids()).includes(instance.uuid);
  const clean = !hasGuest && (await undoBuild(host, ctxt, instance));
  await abortBuild(host, ctxt, instance, { error, clean });
}

/** As Nova does: the request is lost, and is carried out now, unless the guest was being rebooted and runs. */
async function finishPowerChange(host: ComputeHost, ctxt: RpcContext, instance: Instance): Promise<void> {
  const power_state = await powerStateOf(host, instance);
  if (!isRebootUnderWay(instance) || power_state !== PowerState.RUNNING) {
    return repeatPowerChange(host, ctxt, instance);
  }
  const changes = { power_state, vm_state: VmState.ACTIVE, task_state: null };
  await saveIfIn(host, ctxt, instance, changes, [instance.task_state]);
}

function isRebootUnderWay({ task_state }: Instance): boolean {
  return task_state === TaskState.REBOOT_STARTED || task_state === TaskState.REBOOT_STARTED_HARD;
}
