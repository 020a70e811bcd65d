import { NetworkMissing } from '@mini-nova/data/networks/errors';
import type { NetworkRow } from '@mini-nova/data/networks/table';
import { AddressesExhausted, AddressInUse, AddressNotAllocatable } from '@mini-nova/data/ports/errors';
import {
  FixedIpAlreadyInUse,
  InvalidFixedIp,
  NetworkNotFound,
  NoMoreFixedIps,
} from '@mini-nova/domain/exceptions';

/** Translates the database's refusal of an address into an error of the network API; any other error stays as it is. */
export function allocationError(error: unknown, network: NetworkRow, fixedIp: string | null): unknown {
  const net = network.uuid;
  const address = fixedIp ?? '';
  if (error instanceof AddressesExhausted) return new NoMoreFixedIps({ net }, { cause: error });
  if (error instanceof AddressInUse) return new FixedIpAlreadyInUse({ address, net }, { cause: error });
  if (error instanceof AddressNotAllocatable) return new InvalidFixedIp({ address, net }, { cause: error });
  if (error instanceof NetworkMissing) return new NetworkNotFound({ network_id: net }, { cause: error });
  return error;
}
