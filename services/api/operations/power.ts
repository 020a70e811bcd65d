import { requestPowerOperation } from '@mini-nova/compute/rpcapi';
import type { RequestStores } from '@mini-nova/data/request-stores';
import { InstanceNotFound, InstanceUpdateConflict } from '@mini-nova/domain/exceptions';
import { type PowerOperation, type PowerOperationName, powerOperations } from '@mini-nova/domain/operations';
import type { Instance } from '@mini-nova/objects';
import { boundedCast } from './bounded-cast.ts';
import type { ComputeDependencies } from './dependencies.ts';
import { assertHostUp } from './service-check.ts';
import { assertAllowed, saveConflict } from './state-check.ts';
import { undo } from './undo.ts';

/**
 * Accepts a power operation, and asks the compute for it.
 *
 * @throws InstanceNotFound, Conflict, ServiceUnavailable, Unavailable
 */
export async function changePower(
  stores: RequestStores,
  uuid: string,
  operation: PowerOperationName,
  dependencies: ComputeDependencies,
): Promise<void> {
  const { settings, compute } = dependencies;
  const { ctxt, instances } = stores;
  const { name, allowed, tasks }: PowerOperation = powerOperations[operation];
  const [task] = tasks;
  const instance = await instances.get(uuid);
  assertAllowed(instance, name, allowed);
  await assertHostUp(instance, stores, settings);
  const before = instance.task_state;
  try {
    await instances.update(instance, { task_state: task }, allowed);
  } catch (error) {
    throw saveConflict(error, uuid, name);
  }
  try {
    // A request that may or may not have arrived counts as accepted: the conductor's sweep repeats it.
    await boundedCast(
      (options) => requestPowerOperation(compute, ctxt, operation, instance, options),
      settings.castTimeout,
    );
  } catch (error) {
    await undo(dependencies, [uuid], () => revert(stores, instance, task, before));
    throw error;
  }
}

/** Puts the instance back as it was, since nobody will do what was asked. */
async function revert(
  { instances }: RequestStores,
  instance: Instance,
  task: string,
  before: string | null,
): Promise<void> {
  try {
    await instances.update(instance, { task_state: before }, { taskState: [task] });
  } catch (error) {
    // Then another request has taken the instance over.
    if (!(error instanceof InstanceUpdateConflict || error instanceof InstanceNotFound)) throw error;
  }
}
