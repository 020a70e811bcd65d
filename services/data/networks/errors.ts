import { DatabaseError } from '@mini-nova/database';

/** No network has this uuid. */
export class NetworkMissing extends DatabaseError {
  readonly code = 'NETWORK_MISSING';
  readonly networkUuid: string;

  constructor(networkUuid: string) {
    super(`There is no network ${networkUuid}`);
    this.networkUuid = networkUuid;
  }
}

/** The text is not an IPv4 network from /8 to /30. */
export class InvalidCidr extends DatabaseError {
  readonly code = 'INVALID_CIDR';
  readonly cidr: string;

  constructor(cidr: string) {
    super(`${JSON.stringify(cidr)} is not an IPv4 network with room for ports (a.b.c.d/8 to /30)`);
    this.cidr = cidr;
  }
}
