import { type ComputeAPI, requestPowerOperation } from '@mini-nova/compute/rpcapi';
import type { Database } from '@mini-nova/data/database';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import type { ServiceStore } from '@mini-nova/data/services/store';
import * as exceptions from '@mini-nova/domain/exceptions';
import { faultOf } from '@mini-nova/domain/instance-fault';
import { type PowerOperation, powerOperationOf, powerOperations } from '@mini-nova/domain/operations';
import type { Logger, RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import type { Deadlines } from './deadlines.ts';
import type { RepeatedRequests } from './repeated-requests.ts';
import { ifStillUnsettled, settleEach, unsettled } from './unsettled.ts';

export interface StuckPowerChangesOptions {
  db: Database;
  instances: InstanceStore;
  services: ServiceStore;
  compute: ComputeAPI;
  repeated: RepeatedRequests;
  deadlines: Deadlines;
  /** Seconds without a heartbeat until a compute is down. */
  serviceDownTime: number;
  logger: Logger;
}

/**
 * Has a power operation without progress repeated by its compute. In the end the instance is freed, with a fault, so that the
 * user can ask again.
 */
export async function finishStuckPowerChanges(
  ctxt: RpcContext,
  options: StuckPowerChangesOptions,
): Promise<void> {
  const { instances, repeated, deadlines } = options;
  const stuck = await unsettled(instances, ['finish the power change'], deadlines);
  repeated.retain(new Set(stuck.map(({ uuid }) => uuid)));
  await settleEach(stuck, async (instance) => {
    if (deadlines.isOver(instance)) await giveUp(options, instance);
    else await askAgain(ctxt, options, instance);
  });
}

async function askAgain(
  ctxt: RpcContext,
  options: StuckPowerChangesOptions,
  instance: Instance,
): Promise<void> {
  const { services, serviceDownTime, compute, repeated, deadlines, logger } = options;
  const { uuid, host, task_state } = instance;
  if (!(await services.isComputeUp(host, serviceDownTime))) return;
  if (!repeated.isDue(uuid, deadlines.secondsToRepeat(instance))) return;
  logger.warn(
    { instance_uuid: uuid, host, task_state },
    'A power operation made no progress; asking the compute again',
  );
  const operation = powerOperationOf(task_state);
  if (operation) await requestPowerOperation(compute, ctxt, operation, instance);
}

async function giveUp(options: StuckPowerChangesOptions, seen: Instance): Promise<void> {
  const { deadlines, logger } = options;
  const freed = await ifStillUnsettled(options, seen, async (store, instance) => {
    const { uuid, task_state, host } = instance;
    const seconds = deadlines.secondsOf(instance);
    const reason = `no progress for ${seconds} seconds in task_state ${task_state} on host ${host}`;
    const operation = powerOperationOf(task_state);
    if (operation) await store.addFault(faultOf(uuid, failureOf(powerOperations[operation], reason), host));
    await store.update(instance, { task_state: null });
  });
  const { uuid, task_state, host } = seen;
  if (freed) logger.warn({ instance_uuid: uuid, host, task_state }, 'A power operation was given up');
}

type FailureName = NonNullable<PowerOperation['failure']>;
const novaErrors: Pick<typeof exceptions, FailureName> = exceptions;

/** No exception of Nova's says that the operation failed. */
export class PowerOperationFailure extends Error {
  readonly code = 'POWER_OPERATION_FAILURE';

  constructor(operation: string, reason: string) {
    super(`Failed to ${operation} instance: ${reason}`);
    this.name = 'PowerOperationFailure';
  }
}

function failureOf({ name, failure }: PowerOperation, reason: string): Error {
  return failure ? new novaErrors[failure]({ reason }) : new PowerOperationFailure(name, reason);
}
