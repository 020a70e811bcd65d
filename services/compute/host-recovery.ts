import type { RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { BuildAbortException } from '../exceptions.ts';
import { attempt } from './best-effort.ts';
import { abortBuild, undoBuild } from './build-end.ts';
import type { ComputeHost } from './compute-host.ts';
import { powerStateOf, saveIfIn } from './power.ts';
import { PowerState } from './power-states.ts';
import { powerTaskStates, TaskState } from './task-states.ts';
import { terminateInstance } from './termination.ts';
import { VmState } from './vm-states.ts';

/**
 * Brings the records of this host together with its guests after a start. What was being done to an instance when the
 * process ended is finished or given up, so that nothing stays in a state of transition.
 */
export async function recoverHost(host: ComputeHost, ctxt: RpcContext, instances: Instance[]): Promise<void> {
  for (const instance of instances) {
    await attempt(host, instance, 'recover the instance', () => recoverInstance(host, ctxt, instance));
  }
}

async function recoverInstance(host: ComputeHost, ctxt: RpcContext, instance: Instance): Promise<void> {
  const { task_state, vm_state } = instance;
  if (task_state === TaskState.DELETING) return terminateInstance(host, ctxt, instance);
  if (vm_state === VmState.BUILDING) return giveUpBuild(host, ctxt, instance);
  if (task_state !== null && powerTaskStates.includes(task_state)) return settlePower(host, ctxt, instance);
}

async function giveUpBuild(host: ComputeHost, ctxt: RpcContext, instance: Instance): Promise<void> {
  const doing = instance.task_state ?? 'claiming resources';
  const error = new BuildAbortException({
    instance_uuid: instance.uuid,
    reason: `nova-compute on ${host.name} was restarted during the build (${doing})`,
  });
  const clean = await undoBuild(host, ctxt, instance);
  await abortBuild(host, ctxt, instance, { error, clean });
}

/** The request is lost, and may have been carried out: what the guest's power says now is true. */
async function settlePower(host: ComputeHost, ctxt: RpcContext, instance: Instance): Promise<void> {
  const power_state = await powerStateOf(host, instance);
  const changes = { power_state, ...vmStateFor(power_state), task_state: null };
  await saveIfIn(host, ctxt, instance, changes, [instance.task_state]);
}

function vmStateFor(powerState: number): { vm_state?: string } {
  if (powerState === PowerState.RUNNING) return { vm_state: VmState.ACTIVE };
  if (powerState === PowerState.SHUTDOWN) return { vm_state: VmState.STOPPED };
  return {};
}
