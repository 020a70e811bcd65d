import type { PortRow } from '@mini-nova/data/ports/table';
import type { RequestStores } from '@mini-nova/data/request-stores';
import { PortNotFound } from '@mini-nova/domain/exceptions';
import { operations } from '@mini-nova/domain/operations';
import type { Instance } from '@mini-nova/objects';
import { NotFound } from '../http-errors.ts';
import type { ComputeDependencies } from '../operations/dependencies.ts';
import { assertHostUp } from '../operations/service-check.ts';
import { assertAllowed } from '../operations/state-check.ts';

/** The ports bound to a server, oldest first. @throws InstanceNotFound */
export async function portsOfServer({ instances, ports }: RequestStores, uuid: string): Promise<PortRow[]> {
  return ports.of(await instances.get(uuid));
}

/** @throws InstanceNotFound, PortNotFound, NotFound when the port is another server's */
export async function portOfServer(
  { instances, ports }: RequestStores,
  uuid: string,
  portId: string,
): Promise<PortRow> {
  await instances.get(uuid);
  const port = await ports.find(portId);
  if (!port) throw new PortNotFound({ port_id: portId });
  if (port.device_uuid !== uuid) {
    throw new NotFound(`Instance ${uuid} does not have a port with id ${portId}`);
  }
  return port;
}

/** The server, if its interfaces can be changed now. @throws InstanceNotFound, Conflict, ServiceUnavailable */
export async function serverForInterfaces(
  stores: RequestStores,
  uuid: string,
  operation: 'attachInterface' | 'detachInterface',
  { settings }: Pick<ComputeDependencies, 'settings'>,
): Promise<Instance> {
  const instance = await stores.instances.get(uuid);
  const { name, allowed } = operations[operation];
  assertAllowed(instance, name, allowed);
  await assertHostUp(instance, stores, settings);
  return instance;
}
