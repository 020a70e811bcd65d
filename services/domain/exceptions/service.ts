import { NovaError } from './nova-error.ts';

export class ComputeHostNotFound extends NovaError {
  readonly code = 'COMPUTE_HOST_NOT_FOUND';
  override readonly httpStatus = 404;

  constructor(data: { host: string }, options?: ErrorOptions) {
    super(`Compute host ${data.host} could not be found.`, data, options);
  }
}

export class ServiceNotFound extends NovaError {
  readonly code = 'SERVICE_NOT_FOUND';
  override readonly httpStatus = 404;

  constructor(data: { service_id: string }, options?: ErrorOptions) {
    super(`Service ${data.service_id} could not be found.`, data, options);
  }
}

/** No service of this binary is recorded on the host. */
export class HostBinaryNotFound extends NovaError {
  readonly code = 'HOST_BINARY_NOT_FOUND';
  override readonly httpStatus = 404;

  constructor(data: { host: string; binary: string }, options?: ErrorOptions) {
    super(`Could not find binary ${data.binary} on host ${data.host}.`, data, options);
  }
}

/** The host already has a service of this binary. */
export class ServiceBinaryExists extends NovaError {
  readonly code = 'SERVICE_BINARY_EXISTS';
  override readonly httpStatus = 409;

  constructor(data: { host: string; binary: string }, options?: ErrorOptions) {
    super(`Service with host ${data.host} binary ${data.binary} exists.`, data, options);
  }
}

/** The compute service of the instance's host is down, so nothing would serve the request. */
export class ServiceUnavailable extends NovaError {
  readonly code = 'SERVICE_UNAVAILABLE';
  override readonly httpStatus = 503;

  constructor(data: { reason: string }, options?: ErrorOptions) {
    super(`Service is unavailable at this time. ${data.reason}`, data, options);
  }
}
