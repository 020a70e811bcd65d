import { DatabaseUnavailable } from '@mini-nova/database/errors';
import { type JsonObject, remoteErrors } from '@mini-nova/messaging';
import { IncompatibleObjectVersion, UnsupportedObject } from '@mini-nova/objects';

/**
 * An expected failure of the compute control plane. Names, messages and data fields are those of Nova's
 * `nova.exception`, so that a Python peer rebuilds the same class and an error sent by one arrives as ours.
 */
export abstract class NovaError extends Error {
  /** Stable, for programs. */
  abstract readonly code: string;
  /** The HTTP status the REST API answers with. */
  readonly httpStatus: number = 500;
  /** The data fields; they travel as `kwargs`. */
  readonly data: JsonObject;

  constructor(message: string, data: JsonObject, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.data = data;
  }
}

/** No host passed the filters, or none could be claimed. `reason` names the count each filter let through. */
export class NoValidHost extends NovaError {
  readonly code = 'NO_VALID_HOST';

  constructor(data: { reason: string }, options?: ErrorOptions) {
    super(`No valid host was found. ${data.reason}`, data, options);
  }
}

/** All hosts that were chosen for an instance failed to build it. */
export class MaxRetriesExceeded extends NovaError {
  readonly code = 'MAX_RETRIES_EXCEEDED';

  constructor(data: { reason: string }, options?: ErrorOptions) {
    super(`Exceeded maximum number of retries. ${data.reason}`, data, options);
  }
}

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

/** A guarded save found the instance otherwise than expected; nothing was saved. */
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

/** Whether the error says that someone else ended the build, by deleting the instance for example. */
export function isEnded(error: unknown): boolean {
  return error instanceof InstanceNotFound || error instanceof InstanceUpdateConflict;
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

/** The host has a service of this binary already. */
export class ServiceBinaryExists extends NovaError {
  readonly code = 'SERVICE_BINARY_EXISTS';
  override readonly httpStatus = 409;

  constructor(data: { host: string; binary: string }, options?: ErrorOptions) {
    super(`Service with host ${data.host} binary ${data.binary} exists.`, data, options);
  }
}

/** A record of this key is there already. Nova lets oslo.db's DBDuplicateEntry through. */
export class DuplicateEntry extends Error {
  override readonly name = 'DuplicateEntry';
  readonly code = 'DUPLICATE_ENTRY';
}

/** The compute service of the instance's host is down, so nobody would serve the request. */
export class ServiceUnavailable extends NovaError {
  readonly code = 'SERVICE_UNAVAILABLE';
  override readonly httpStatus = 503;

  constructor(data: { reason: string }, options?: ErrorOptions) {
    super(`Service is unavailable at this time. ${data.reason}`, data, options);
  }
}

export class FlavorNotFound extends NovaError {
  readonly code = 'FLAVOR_NOT_FOUND';
  override readonly httpStatus = 404;

  constructor(data: { flavor_id: string }, options?: ErrorOptions) {
    super(`Flavor ${data.flavor_id} could not be found.`, data, options);
  }
}

export class ImageNotFound extends NovaError {
  readonly code = 'IMAGE_NOT_FOUND';
  override readonly httpStatus = 404;

  constructor(data: { image_id: string }, options?: ErrorOptions) {
    super(`Image ${data.image_id} could not be found.`, data, options);
  }
}

export class NetworkNotFound extends NovaError {
  readonly code = 'NETWORK_NOT_FOUND';
  override readonly httpStatus = 404;

  constructor(data: { network_id: string }, options?: ErrorOptions) {
    super(`Network ${data.network_id} could not be found.`, data, options);
  }
}

export class PortNotFound extends NovaError {
  readonly code = 'PORT_NOT_FOUND';
  override readonly httpStatus = 404;

  constructor(data: { port_id: string }, options?: ErrorOptions) {
    super(`Port id ${data.port_id} could not be found.`, data, options);
  }
}

export class PortInUse extends NovaError {
  readonly code = 'PORT_IN_USE';
  override readonly httpStatus = 409;

  constructor(data: { port_id: string }, options?: ErrorOptions) {
    super(`Port ${data.port_id} is still in use.`, data, options);
  }
}

/** The network's range has no free address left. */
export class NoMoreFixedIps extends NovaError {
  readonly code = 'NO_MORE_FIXED_IPS';
  override readonly httpStatus = 400;

  constructor(data: { net: string }, options?: ErrorOptions) {
    super(`No fixed IP addresses available for network: ${data.net}`, data, options);
  }
}

export class FixedIpAlreadyInUse extends NovaError {
  readonly code = 'FIXED_IP_ALREADY_IN_USE';
  override readonly httpStatus = 400;

  constructor(data: { address: string; net: string }, options?: ErrorOptions) {
    super(`Fixed IP address ${data.address} is already in use on network ${data.net}.`, data, options);
  }
}

export class InvalidFixedIp extends NovaError {
  readonly code = 'INVALID_FIXED_IP';
  override readonly httpStatus = 400;

  constructor(data: { address: string; net: string }, options?: ErrorOptions) {
    super(
      `Fixed IP address ${data.address} is not an allocatable address of network ${data.net}.`,
      data,
      options,
    );
  }
}

/** Attaching an interface failed on the host; nothing stays attached. */
export class InterfaceAttachFailed extends NovaError {
  readonly code = 'INTERFACE_ATTACH_FAILED';

  constructor(data: { instance_uuid: string; reason: string }, options?: ErrorOptions) {
    super(`Failed to attach network adapter device to ${data.instance_uuid}: ${data.reason}`, data, options);
  }
}

/** An interface was asked for without a network, and there is none to choose. */
export class InterfaceAttachFailedNoNetwork extends NovaError {
  readonly code = 'INTERFACE_ATTACH_FAILED_NO_NETWORK';
  override readonly httpStatus = 400;

  constructor(data: { project_id: string }, options?: ErrorOptions) {
    super(
      `No specific network was requested and none are available for project '${data.project_id}'.`,
      data,
      options,
    );
  }
}

/** The conductor has no such object method, or it does not take these arguments. */
export class ObjectActionError extends NovaError {
  readonly code = 'OBJECT_ACTION_FAILED';

  constructor(data: { action: string; reason: string }, options?: ErrorOptions) {
    super(`Object action ${data.action} failed because: ${data.reason}`, data, options);
  }
}

type Rebuildable = new (data: never, options?: ErrorOptions) => NovaError;

const rebuildable: Record<string, Rebuildable> = {
  NoValidHost,
  MaxRetriesExceeded,
  InstanceNotFound,
  InstanceExists,
  InstancePowerOnFailure,
  InstancePowerOffFailure,
  InstanceRebootFailure,
  InstanceInvalidState,
  InstanceUpdateConflict,
  UnexpectedTaskStateError,
  UnexpectedDeletingTaskStateError,
  RescheduledException,
  BuildAbortException,
  ComputeResourcesUnavailable,
  ComputeHostNotFound,
  HostBinaryNotFound,
  ServiceBinaryExists,
  ServiceNotFound,
  ServiceUnavailable,
  FlavorNotFound,
  ImageNotFound,
  NetworkNotFound,
  PortNotFound,
  PortInUse,
  NoMoreFixedIps,
  FixedIpAlreadyInUse,
  InvalidFixedIp,
  InterfaceAttachFailed,
  InterfaceAttachFailedNoNetwork,
  ObjectActionError,
};

/** How our message begins. Nova's has the driver's text only. */
const outagePrefix = /^The database is away: /;

/** Teaches the wire converter our classes, so that `instanceof` holds across a call. Idempotent. */
export function registerNovaErrors(): void {
  remoteErrors.register({
    module: 'oslo_db.exception',
    class: 'DBConnectionError',
    type: DatabaseUnavailable,
    // Whatever the server knows of the outcome, its caller knows only that it got no answer.
    fromFailure: ({ message }) =>
      new DatabaseUnavailable(message.replace(outagePrefix, ''), { outcome: 'unknown' }),
  });
  remoteErrors.register({
    module: 'oslo_db.exception',
    class: 'DBDuplicateEntry',
    type: DuplicateEntry,
    fromFailure: ({ message }) => new DuplicateEntry(message),
  });
  registerObjectErrors();
  for (const [name, type] of Object.entries(rebuildable)) {
    remoteErrors.register({
      module: 'nova.exception',
      class: name,
      type,
      toKwargs: (error) => (error as NovaError).data,
      fromFailure: (failure) => {
        const error = new type(failure.kwargs as never);
        error.message = failure.message;
        return error;
      },
    });
  }
}

/** What oslo.versionedobjects says of objects that one end does not know as the other sent them. */
function registerObjectErrors(): void {
  const module = 'oslo_versionedobjects.exception';
  remoteErrors.register({
    module,
    class: 'UnsupportedObjectError',
    type: UnsupportedObject,
    toKwargs: (error) => ({ objtype: (error as UnsupportedObject).objtype }),
    fromFailure: ({ kwargs }) => new UnsupportedObject(String(kwargs.objtype)),
  });
  remoteErrors.register({
    module,
    class: 'IncompatibleObjectVersion',
    type: IncompatibleObjectVersion,
    toKwargs: (error) => {
      const { objname, objver, supported } = error as IncompatibleObjectVersion;
      return { objname, objver, supported };
    },
    fromFailure: ({ kwargs: { objname, objver, supported } }) =>
      new IncompatibleObjectVersion(String(objname), String(objver), String(supported)),
  });
}
