import { NovaError } from './nova-error.ts';

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

/** An interface was requested without a network, and there is no network to choose. */
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
