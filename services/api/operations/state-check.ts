import { InstanceUpdateConflict } from '@mini-nova/domain/exceptions';
import type { AllowedStates } from '@mini-nova/domain/operations';
import { unexpectedState } from '@mini-nova/domain/states/expected-states';
import type { Instance } from '@mini-nova/objects';
import { Conflict } from '../http-errors.ts';

/** @throws Conflict */
export function assertAllowed(instance: Instance, action: string, allowed: AllowedStates): void {
  const { uuid } = instance;
  const attr = unexpectedState(instance, allowed);
  if (attr) throw stateConflict(uuid, action, attr, instance[attr]);
  if (allowed.launched && instance.launched_at === null) {
    throw new Conflict(`Cannot '${action}' instance ${uuid} while it has never been active`);
  }
}

/**
 * The error to answer when a guarded save failed because another request was faster; other errors are returned as they
 * are.
 */
export function saveConflict(error: unknown, uuid: string, action: string): unknown {
  if (!(error instanceof InstanceUpdateConflict)) {
    return error;
  }
  const { vm_state, task_state } = error.data.actual as {
    vm_state: string | null;
    task_state: string | null;
  };
  return task_state === null
    ? stateConflict(uuid, action, 'vm_state', vm_state, error)
    : stateConflict(uuid, action, 'task_state', task_state, error);
}

function stateConflict(
  uuid: string,
  action: string,
  attr: string,
  state: string | null,
  cause?: Error,
): Conflict {
  return new Conflict(`Cannot '${action}' instance ${uuid} while it is in ${attr} ${state}`, { cause });
}
