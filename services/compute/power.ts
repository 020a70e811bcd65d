import { InstanceNotFound, isEnded } from '@mini-nova/domain/exceptions';
import { faultOf, messageOf } from '@mini-nova/domain/instance-fault';
import { powerOperationOf } from '@mini-nova/domain/operations';
import { PowerState } from '@mini-nova/domain/states/power-state';
import { TaskState } from '@mini-nova/domain/states/task-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { RpcContext } from '@mini-nova/messaging';
import type { ChangesOf, Instance } from '@mini-nova/objects';
import type { ComputeHost } from './compute-host.ts';

export async function startInstance(host: ComputeHost, ctxt: RpcContext, instance: Instance): Promise<void> {
  await changePower(host, ctxt, instance, {
    operation: 'power_on',
    taskState: TaskState.POWERING_ON,
    vmState: VmState.ACTIVE,
    act: () => host.driver.powerOn(ctxt, instance),
  });
}

export async function stopInstance(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  cleanShutdown: boolean,
): Promise<void> {
  await changePower(host, ctxt, instance, {
    operation: 'power_off',
    taskState: TaskState.POWERING_OFF,
    vmState: VmState.STOPPED,
    act: () => host.driver.powerOff(ctxt, instance, cleanShutdown),
  });
}

export async function rebootInstance(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  rebootType: 'SOFT' | 'HARD',
): Promise<void> {
  const { requested, pending, started } = rebootStates[rebootType];
  const taken = { task_state: pending };
  if (!(await saveIfIn(host, ctxt, instance, taken, [requested, pending, started]))) return;
  if (!(await saveIfIn(host, ctxt, instance, { task_state: started }, [pending]))) return;
  await changePower(host, ctxt, instance, {
    operation: 'reboot',
    taskState: started,
    vmState: VmState.ACTIVE,
    act: () => host.driver.reboot(ctxt, instance, rebootType),
  });
}

/** What the instance's task state says was asked for, from the beginning. */
export async function repeatPowerChange(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
): Promise<void> {
  switch (powerOperationOf(instance.task_state)) {
    case 'start':
      return startInstance(host, ctxt, instance);
    case 'stop':
      return stopInstance(host, ctxt, instance, true);
    case 'reboot':
      return rebootInstance(host, ctxt, instance, 'SOFT');
    case 'hardReboot':
      return rebootInstance(host, ctxt, instance, 'HARD');
  }
}

const rebootStates = {
  SOFT: {
    requested: TaskState.REBOOTING,
    pending: TaskState.REBOOT_PENDING,
    started: TaskState.REBOOT_STARTED,
  },
  HARD: {
    requested: TaskState.REBOOTING_HARD,
    pending: TaskState.REBOOT_PENDING_HARD,
    started: TaskState.REBOOT_STARTED_HARD,
  },
} as const;

interface PowerChange {
  /** As notifications name it. */
  operation: 'power_on' | 'power_off' | 'reboot';
  /** In this the instance must be, or else it is someone else's now. */
  taskState: string;
  /** The state after success. */
  vmState: string;
  act(): Promise<void>;
}

/** A request that comes late or twice, when the instance is not in its task state any more, does nothing. */
async function changePower(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  { operation, taskState, vmState, act }: PowerChange,
): Promise<void> {
  if (!(await saveIfIn(host, ctxt, instance, {}, [taskState]))) return;
  const { notifications } = host;
  notifications.tell(ctxt, instance, `${operation}.start`);
  const changes: ChangesOf<Instance> = { task_state: null };
  let failure: unknown;
  try {
    await act();
    changes.vm_state = vmState;
  } catch (error) {
    failure = error;
    host.logger.warn({ instance_uuid: instance.uuid, reason: messageOf(error) }, 'A power operation failed');
  }
  changes.power_state = await powerStateOf(host, instance);
  const saved = await saveIfIn(host, ctxt, instance, changes, [taskState]);
  if (failure === undefined) notifications.tell(ctxt, instance, `${operation}.end`);
  else if (operation === 'reboot') notifications.tell(ctxt, instance, 'reboot.error', { fault: failure });
  if (saved && failure !== undefined) {
    await host.conductor.faultCreate(ctxt, faultOf(instance.uuid, failure, host.name));
  }
}

/** What the guest's power really is; a guest that is not there has none. */
export async function powerStateOf(host: ComputeHost, instance: Instance): Promise<number> {
  return (await guestPowerOf(host, instance)) ?? PowerState.NOSTATE;
}

/** Undefined: there is no guest. */
export async function guestPowerOf(host: ComputeHost, instance: Instance): Promise<number | undefined> {
  try {
    return (await host.driver.getInfo(instance)).powerState;
  } catch (error) {
    if (error instanceof InstanceNotFound) return undefined;
    throw error;
  }
}

/** Saves the changes if the instance is in one of these task states. False: someone else has it, or deleted it. */
export async function saveIfIn(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  changes: ChangesOf<Instance>,
  expected: (string | null)[],
): Promise<boolean> {
  try {
    await host.conductor.instanceSave(ctxt, instance, changes, { taskState: expected });
    return true;
  } catch (error) {
    if (!isEnded(error)) throw error;
    host.logger.info(
      { instance_uuid: instance.uuid, reason: messageOf(error) },
      'The instance is not as expected',
    );
    return false;
  }
}
