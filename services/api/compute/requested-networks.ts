import type { RequestStores } from '@mini-nova/data/request-stores';
import { NetworkNotFound, PortInUse, PortNotFound } from '@mini-nova/domain/exceptions';
import { NetworkRequest, NetworkRequestList } from '@mini-nova/objects';
import type { CreateServerBody, RequestedNetwork } from '../documents/server.ts';
import { BadRequest, Conflict } from '../http-errors.ts';

/**
 * The networks of a request as they go to the host; null when it names none. That an address is free is seen only
 * when it is taken, on the host.
 *
 * @throws BadRequest, Conflict
 */
export async function requestedNetworks(
  stores: RequestStores,
  networks: CreateServerBody['server']['networks'],
  maxCount: number,
): Promise<NetworkRequestList | null> {
  if (networks === undefined) return null;
  if (typeof networks === 'string') {
    return new NetworkRequestList({ objects: [networkRequest({ uuid: networks })] });
  }
  if (networks.length === 0) return null;
  for (const network of networks) await check(stores, network, maxCount);
  return new NetworkRequestList({ objects: networks.map(networkRequest) });
}

function networkRequest({ uuid, port, fixed_ip }: RequestedNetwork): NetworkRequest {
  return new NetworkRequest({
    network_id: port ? null : (uuid ?? null),
    address: fixed_ip ?? null,
    port_id: port ?? null,
    pci_request_id: null,
    device_profile: null,
  });
}

async function check(
  stores: RequestStores,
  { uuid, port, fixed_ip }: RequestedNetwork,
  maxCount: number,
): Promise<void> {
  if (port) {
    if (fixed_ip !== undefined) {
      throw new BadRequest(
        `Specified Fixed IP '${fixed_ip}' cannot be used with port '${port}': the two cannot be specified together.`,
      );
    }
    if (maxCount > 1) throw new BadRequest('A port cannot be given to more than one server.');
    return checkPort(stores, port);
  }
  if (uuid === undefined) throw new BadRequest('Bad networks format: a network needs uuid or port.');
  if (fixed_ip !== undefined && maxCount > 1) {
    throw new BadRequest(
      'Failed to launch instances: max_count cannot be greater than 1 if a fixed ip is specified.',
    );
  }
  if (!(await stores.networks.find(uuid))) {
    throw new BadRequest(new NetworkNotFound({ network_id: uuid }).message);
  }
}

async function checkPort({ ports }: RequestStores, id: string): Promise<void> {
  const port = await ports.find(id);
  if (!port) throw new BadRequest(new PortNotFound({ port_id: id }).message);
  if (port.device_uuid !== null) throw new Conflict(new PortInUse({ port_id: id }).message);
}
