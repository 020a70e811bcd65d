import { type ComputeAPI, requestPowerOperation } from '@mini-nova/compute/rpcapi';
import type { Database } from '@mini-nova/data/database';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import type { ServiceStore } from '@mini-nova/data/services/store';
import * as exceptions from '@mini-nova/domain/exceptions';
import { faultOf } from '@mini-nova/domain/instance-fault';
import { type PowerOperation, powerOperationOf, powerOperations } from '@mini-nova/domain/operations';
import type { Logger, RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import type { RepeatedRequests } from './repeated-requests.ts';
import { ifStillUnsettled, isUnchangedSince, secondsBefore, settleEach, unsettled } from './unsettled.ts';

export interface StuckPowerChangesOptions {
  db: Database;
  instances: InstanceStore;
  services: ServiceStore;
  compute: ComputeAPI;
  repeated: RepeatedRequests;
  /** Seconds. */
  timeout: number;
  /** By the database's clock. */
  now: Date;
  /** Seconds without a heartbeat until a compute is down. */
  serviceDownTime: number;
  logger: Logger;
}

/**
 * Has a power operation without progress repeated by its compute after half the timeout. After the timeout the
 * instance is freed, with a fault, so that the user can ask again.
 */
export async function finishStuckPowerChanges(
  ctxt: RpcContext,
  options: StuckPowerChangesOptions,
): Promise<void> {
  const { instances, repeated, timeout, now } = options;
  const since = secondsBefore(now, timeout);
  const stuck = await unsettled(instances, ['finish the power change'], secondsBefore(now, timeout / 2));
  repeated.retain(new Set(stuck.map(({ uuid }) => uuid)));
  await settleEach(stuck, async (instance) => {
    if (isUnchangedSince(instance, since)) await giveUp(options, instance, since);
    else await askAgain(ctxt, options, instance);
  });
}

async function askAgain(
  ctxt: RpcContext,
  options: StuckPowerChangesOptions,
  instance: Instance,
): Promise<void> {
  const { services, serviceDownTime, compute, repeated, timeout, logger } = options;
  const { uuid, host, task_state } = instance;
  if (!(await services.isComputeUp(host, serviceDownTime)) || !repeated.isDue(uuid, timeout / 2)) return;
  logger.warn(
    { instance_uuid: uuid, host, task_state },
    'A power operation made no progress; asking the compute again',
  );
  const operation = powerOperationOf(task_state);
  if (operation) await requestPowerOperation(compute, ctxt, operation, instance);
}

async function giveUp(options: StuckPowerChangesOptions, seen: Instance, since: Date): Promise<void> {
  const { timeout, logger } = options;
  const freed = await ifStillUnsettled(options, seen, since, async (store, instance) => {
    const { uuid, task_state, host } = instance;
    const reason = `no progress for ${timeout} seconds in task_state ${task_state} on host ${host}`;
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
