import {
  AddressesExhausted,
  AddressInUse,
  AddressNotAllocatable,
  NetworkMissing,
  type NetworkRow,
} from '@mini-nova/database';
import { FixedIpAlreadyInUse, InvalidFixedIp, NetworkNotFound, NoMoreFixedIps } from '../exceptions.ts';

/** The database's refusal of an address in the words of the API; any other error as it is. */
export function allocationError(error: unknown, network: NetworkRow, fixedIp: string | null): unknown {
  const net = network.uuid;
  const address = fixedIp ?? '';
  if (error instanceof AddressesExhausted) return new NoMoreFixedIps({ net }, { cause: error });
  if (error instanceof AddressInUse) return new FixedIpAlreadyInUse({ address, net }, { cause: error });
  if (error instanceof AddressNotAllocatable) return new InvalidFixedIp({ address, net }, { cause: error });
  if (error instanceof NetworkMissing) return new NetworkNotFound({ network_id: net }, { cause: error });
  return error;
}
