import { InstanceNotFound } from '@mini-nova/domain/exceptions';
import { faultOf, messageOf } from '@mini-nova/domain/instance-fault';
import type { PowerEvent } from '@mini-nova/domain/operations';
import { type PowerOperation, type PowerOperationName, powerOperations } from '@mini-nova/domain/operations';
import { PowerState } from '@mini-nova/domain/states/power-state';
import type { RpcContext } from '@mini-nova/messaging';
import type { ChangesOf, Instance } from '@mini-nova/objects';
import type { ComputeHost } from '../compute-host.ts';
import { saveIfExpected } from '../instance-records.ts';

interface PowerChange {
  operation: PowerOperationName;
  act(): Promise<void>;
}

/** A request that arrives late or twice finds the instance in another task state, and does nothing. */
export async function changePower(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  { operation, act }: PowerChange,
): Promise<void> {
  const { tasks, result, event, notifiesFailures }: PowerOperation & { event: PowerEvent } =
    powerOperations[operation];
  const task = await takeOver(host, ctxt, instance, tasks);
  if (task === undefined) return;
  const { notifications } = host;
  notifications.tell(ctxt, instance, `${event}.start`);
  const changes: ChangesOf<Instance> = { task_state: null };
  let failure: unknown;
  try {
    await act();
    changes.vm_state = result;
  } catch (error) {
    failure = error;
    host.logger.warn({ instance_uuid: instance.uuid, reason: messageOf(error) }, 'A power operation failed');
  }
  changes.power_state = await powerStateOf(host, instance);
  const saved = await saveIfExpected(host, ctxt, instance, changes, { taskState: [task] });
  if (failure === undefined) notifications.tell(ctxt, instance, `${event}.end`);
  else if (notifiesFailures) notifications.tell(ctxt, instance, `${event}.error`, { fault: failure });
  if (saved && failure !== undefined) {
    await host.conductor.faultCreate(ctxt, faultOf(instance.uuid, failure, host.name));
  }
}

/**
 * Takes the instance through the task states of its operation, from the one that an earlier attempt has reached. Returns
 * the last. Undefined: the instance is in none of them, since another operation has it.
 */
async function takeOver(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  tasks: PowerOperation['tasks'],
): Promise<string | undefined> {
  const [first, ...others] = tasks;
  let expected: readonly string[] = tasks;
  let last: string = first;
  for (const task_state of others) {
    if (!(await saveIfExpected(host, ctxt, instance, { task_state }, { taskState: expected })))
      return undefined;
    expected = [task_state];
    last = task_state;
  }
  return (await saveIfExpected(host, ctxt, instance, {}, { taskState: [last] })) ? last : undefined;
}

/** The power state of the guest; NOSTATE when there is no guest. */
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
