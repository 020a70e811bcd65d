import type { JsonObject } from '@mini-nova/messaging';
import { NovaError } from './nova-error.ts';

export class InstanceNotFound extends NovaError {
  readonly code = 'INSTANCE_NOT_FOUND';
  override readonly httpStatus = 404;

  constructor(data: { instance_id: string }, options?: ErrorOptions) {
    super(`Instance ${data.instance_id} could not be found.`, data, options);
  }
}

export class InstanceExists extends NovaError {
  readonly code = 'INSTANCE_EXISTS';
  override readonly httpStatus = 409;

  constructor(data: { name: string }, options?: ErrorOptions) {
    super(`Instance ${data.name} already exists.`, data, options);
  }
}

/** The requested action does not fit the instance's state; nothing was changed. */
export class InstanceInvalidState extends NovaError {
  readonly code = 'INSTANCE_INVALID_STATE';
  override readonly httpStatus = 409;

  constructor(
    data: { instance_uuid: string; attr: string; state: string; method: string },
    options?: ErrorOptions,
  ) {
    super(
      `Instance ${data.instance_uuid} in ${data.attr} ${data.state}. Cannot ${data.method} while the instance is in this state.`,
      data,
      options,
    );
  }
}

/** A guarded save found the instance in another state than expected; nothing was saved. */
export class InstanceUpdateConflict extends NovaError {
  readonly code: string = 'INSTANCE_UPDATE_CONFLICT';
  override readonly httpStatus = 409;

  constructor(
    data: { instance_uuid: string; expected: JsonObject; actual: JsonObject },
    options?: ErrorOptions,
  ) {
    super(
      `Conflict updating instance ${data.instance_uuid}. Expected: ${JSON.stringify(data.expected)}. Actual: ${JSON.stringify(data.actual)}`,
      data,
      options,
    );
  }
}

/** The instance was in another task state than expected. */
export class UnexpectedTaskStateError extends InstanceUpdateConflict {
  override readonly code: string = 'UNEXPECTED_TASK_STATE';
}

/** The instance is being deleted; the caller stops and cleans up. */
export class UnexpectedDeletingTaskStateError extends UnexpectedTaskStateError {
  override readonly code: string = 'UNEXPECTED_DELETING_TASK_STATE';
}

export class InstancePowerOnFailure extends NovaError {
  readonly code = 'INSTANCE_POWER_ON_FAILURE';

  constructor(data: { reason: string }, options?: ErrorOptions) {
    super(`Failed to power on instance: ${data.reason}`, data, options);
  }
}

export class InstancePowerOffFailure extends NovaError {
  readonly code = 'INSTANCE_POWER_OFF_FAILURE';

  constructor(data: { reason: string }, options?: ErrorOptions) {
    super(`Failed to power off instance: ${data.reason}`, data, options);
  }
}

export class InstanceRebootFailure extends NovaError {
  readonly code = 'INSTANCE_REBOOT_FAILURE';

  constructor(data: { reason: string }, options?: ErrorOptions) {
    super(`Failed to reboot instance: ${data.reason}`, data, options);
  }
}

/** Whether the error means that the build was ended from outside, for example by deleting the instance. */
export function isEnded(error: unknown): boolean {
  return error instanceof InstanceNotFound || error instanceof InstanceUpdateConflict;
}
