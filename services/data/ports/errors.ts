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

/** The asked address is a port's already. */
export class AddressInUse extends DatabaseError {
  readonly code = 'ADDRESS_IN_USE';
  readonly address: string;

  constructor(address: string, options?: ErrorOptions) {
    super(`Address ${address} is in use`, options);
    this.address = address;
  }
}

/** The asked address is not one that the network gives: outside its range, its gateway, or no address at all. */
export class AddressNotAllocatable extends DatabaseError {
  readonly code = 'ADDRESS_NOT_ALLOCATABLE';
  readonly address: string;

  constructor(address: string, cidr: string) {
    super(`Address ${address} is not an allocatable address of ${cidr}`);
    this.address = address;
  }
}
