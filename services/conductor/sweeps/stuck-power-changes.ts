import type { ComputeAPI } from '@mini-nova/compute/rpcapi';
import type { Database } from '@mini-nova/data/database';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import type { ServiceStore } from '@mini-nova/data/services/store';
import {
  InstancePowerOffFailure,
  InstancePowerOnFailure,
  InstanceRebootFailure,
} from '@mini-nova/domain/exceptions';
import { faultOf } from '@mini-nova/domain/instance-fault';
import { type PowerRequest, powerRequestOf } from '@mini-nova/domain/states/task-state';
import type { Logger, RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { isComputeUp } from './compute-up.ts';
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
 * Has a start, stop or reboot without progress repeated by its compute after half the timeout. After the timeout the
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
  const { compute, repeated, timeout, logger } = options;
  const { uuid, host, task_state } = instance;
  if (!(await isComputeUp(options, host)) || !repeated.isDue(uuid, timeout / 2)) return;
  logger.warn(
    { instance_uuid: uuid, host, task_state },
    'A power operation made no progress; asking the compute again',
  );
  switch (powerRequestOf(task_state)) {
    case 'start':
      return compute.startInstance(ctxt, { instance });
    case 'stop':
      return compute.stopInstance(ctxt, { instance });
    case 'reboot':
      return compute.rebootInstance(ctxt, { instance, block_device_info: null, reboot_type: 'SOFT' });
    case 'hard reboot':
      return compute.rebootInstance(ctxt, { instance, block_device_info: null, reboot_type: 'HARD' });
  }
}

async function giveUp(options: StuckPowerChangesOptions, seen: Instance, since: Date): Promise<void> {
  const { timeout, logger } = options;
  const freed = await ifStillUnsettled(options, seen, since, async (store, instance) => {
    const { uuid, task_state, host } = instance;
    const reason = `no progress for ${timeout} seconds in task_state ${task_state} on host ${host}`;
    const failure = new failures[powerRequestOf(task_state) ?? 'reboot']({ reason });
    await store.addFault(faultOf(uuid, failure, host));
    await store.update(instance, { task_state: null });
  });
  const { uuid, task_state, host } = seen;
  if (freed) logger.warn({ instance_uuid: uuid, host, task_state }, 'A power operation was given up');
}

const failures: Record<PowerRequest, new (data: { reason: string }) => Error> = {
  start: InstancePowerOnFailure,
  stop: InstancePowerOffFailure,
  reboot: InstanceRebootFailure,
  'hard reboot': InstanceRebootFailure,
};
