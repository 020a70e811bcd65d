import { NovaError } from './nova-error.ts';

/** No host passed the filters, or none could be claimed. `reason` says how many hosts each filter let through. */
export class NoValidHost extends NovaError {
  readonly code = 'NO_VALID_HOST';

  constructor(data: { reason: string }, options?: ErrorOptions) {
    super(`No valid host was found. ${data.reason}`, data, options);
  }
}

/** The build failed on all hosts that were chosen for the instance. */
export class MaxRetriesExceeded extends NovaError {
  readonly code = 'MAX_RETRIES_EXCEEDED';

  constructor(data: { reason: string }, options?: ErrorOptions) {
    super(`Exceeded maximum number of retries. ${data.reason}`, data, options);
  }
}

/** The build failed on this host, and another host may do better. */
export class RescheduledException extends NovaError {
  readonly code = 'RESCHEDULED';

  constructor(data: { instance_uuid: string; reason: string }, options?: ErrorOptions) {
    super(`Build of instance ${data.instance_uuid} was re-scheduled: ${data.reason}`, data, options);
  }
}

/** The build failed and no other host would do better. */
export class BuildAbortException extends NovaError {
  readonly code = 'BUILD_ABORT';

  constructor(data: { instance_uuid: string; reason: string }, options?: ErrorOptions) {
    super(`Build of instance ${data.instance_uuid} aborted: ${data.reason}`, data, options);
  }
}

/** The host has too little left for the claim. */
export class ComputeResourcesUnavailable extends NovaError {
  readonly code = 'COMPUTE_RESOURCES_UNAVAILABLE';

  constructor(data: { reason: string }, options?: ErrorOptions) {
    super(`Insufficient compute resources: ${data.reason}.`, data, options);
  }
}
