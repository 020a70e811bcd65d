import { BuildAbortException } from '@mini-nova/domain/exceptions';
import { type PowerOperation, powerOperationOf, powerOperations } from '@mini-nova/domain/operations';
import { ruleFor, wayOf } from '@mini-nova/domain/states/instance-states';
import type { PowerState } from '@mini-nova/domain/states/power-state';
import type { Instance } from '@mini-nova/objects';
import type { RequestContext } from '@mini-nova/service';
import { attempt } from './best-effort.ts';
import type { ComputeHost } from './compute-host.ts';
import { currentHere, saveIfExpected } from './instance-records.ts';
import { isBetweenHosts } from './moves.ts';
import { abortBuild, leaveHost, undoBuild } from './operations/build-end.ts';
import { terminateInstance } from './operations/delete.ts';
import { repeatPowerOperation } from './operations/index.ts';
import { powerStateOf } from './operations/power.ts';

/**
 * Makes the records of this host agree with its guests after a start. An operation that was under way when the last
 * process ended is finished or given up, so that no instance stays in a transition. Operations of this process are left
 * alone.
 */
export async function recoverHost(
  host: ComputeHost,
  ctxt: RequestContext,
  instances: Instance[],
): Promise<void> {
  for (const listed of instances) {
    if (wayOf(listed) === 'rest' || host.locks.isHeld(listed.uuid)) continue;
    await attempt(host, listed, 'recover the instance', () =>
      host.locks.run(listed.uuid, async () => {
        // Since the list was read, the instance may have been sent to another host.
        const instance = await currentHere(host, ctxt, listed.uuid);
        if (!instance || (await isLeftToMigration(host, ctxt, instance))) return;
        await recoverInstance(host, ctxt, instance);
      }),
    );
  }
}

/** Undoing a build destroys the guest. For an instance between two hosts, only its migration says whether that is allowed. */
async function isLeftToMigration(
  host: ComputeHost,
  ctxt: RequestContext,
  instance: Instance,
): Promise<boolean> {
  const way = wayOf(instance);
  return (way === 'end the build' || way === 'leave the host') && isBetweenHosts(host, ctxt, instance.uuid);
}

async function recoverInstance(host: ComputeHost, ctxt: RequestContext, instance: Instance): Promise<void> {
  const { owner, atStart, way } = ruleFor(instance);
  if (owner !== 'compute') return;
  switch (atStart) {
    case 'nothing':
      return;
    case 'give up':
      return giveUpBuild(host, ctxt, instance);
    case 'repeat unless done':
      if (await isDone(host, ctxt, instance)) return;
  }
  switch (way) {
    case 'finish the deletion':
      return terminateInstance(host, ctxt, instance);
    case 'finish the power change':
      // As in Nova: the request was lost, so it is carried out now.
      return repeatPowerOperation(host, ctxt, instance);
    case 'leave the host':
      return leaveHost(host, ctxt, instance);
  }
}

/**
 * An existing guest stays, with its ports and its allocation: the record may be older than the guest, and the user can
 * delete an instance in ERROR.
 */
async function giveUpBuild(host: ComputeHost, ctxt: RequestContext, instance: Instance): Promise<void> {
  const doing = instance.task_state ?? 'claiming resources';
  const error = new BuildAbortException({
    instance_uuid: instance.uuid,
    reason: `nova-compute on ${host.name} was restarted during the build (${doing})`,
  });
  const hasGuest = (await host.driver.listInstanceUuids()).includes(instance.uuid);
  const clean = !hasGuest && (await undoBuild(host, ctxt, instance));
  await abortBuild(host, ctxt, instance, { error, clean });
}

/** Whether the guest is as the interrupted operation would leave it. If so, that is recorded. */
async function isDone(host: ComputeHost, ctxt: RequestContext, instance: Instance): Promise<boolean> {
  const { task_state } = instance;
  const operation = powerOperationOf(task_state);
  if (operation === undefined) return false;
  const power_state = await powerStateOf(host, instance);
  const { found = {} }: PowerOperation = powerOperations[operation];
  const vm_state = found[power_state as PowerState];
  if (!vm_state) return false;
  const changes = { power_state, vm_state, task_state: null };
  await saveIfExpected(host, ctxt, instance, changes, { taskState: [task_state] });
  return true;
}
