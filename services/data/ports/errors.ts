import { DatabaseError } from '@mini-nova/database';

/** Every address of the network's range is taken. */
export class AddressesExhausted extends DatabaseError {
  readonly code = 'ADDRESSES_EXHAUSTED';
  readonly networkUuid: string;

  constructor(networkUuid: string) {
    super(`Network ${networkUuid} has no free address left`);
    this.networkUuid = networkUuid;
  }
}

/** Another port has the requested address. */
export class AddressInUse extends DatabaseError {
  readonly code = 'ADDRESS_IN_USE';
  readonly address: string;

  constructor(address: string, options?: ErrorOptions) {
    super(`Address ${address} is in use`, options);
    this.address = address;
  }
}

/** The network cannot give the requested address: it is outside its range, is its gateway, or is not an address. */
export class AddressNotAllocatable extends DatabaseError {
  readonly code = 'ADDRESS_NOT_ALLOCATABLE';
  readonly address: string;

  constructor(address: string, cidr: string) {
    super(`Address ${address} is not an allocatable address of ${cidr}`);
    this.address = address;
  }
}
