import { findPort, listPortsOfDevice } from '@mini-nova/data/ports/queries';
import type { PortRow } from '@mini-nova/data/ports/table';
import { PortNotFound } from '@mini-nova/domain/exceptions';
import { operations } from '@mini-nova/domain/operations';
import type { Instance } from '@mini-nova/objects';
import type { RequestContext } from '@mini-nova/service';
import { NotFound } from '../http-errors.ts';
import type { ComputeDependencies } from './dependencies.ts';
import { serverOfProject } from './server-of-project.ts';
import { assertHostUp } from './service-check.ts';
import { assertAllowed } from './state-check.ts';

/** The ports bound to a server, oldest first. @throws InstanceNotFound */
export async function portsOfServer(
  ctxt: RequestContext,
  uuid: string,
  { instances, db }: ComputeDependencies,
): Promise<PortRow[]> {
  await serverOfProject(instances, ctxt, uuid);
  return listPortsOfDevice(db.kysely, uuid);
}

/** @throws InstanceNotFound, PortNotFound, NotFound when the port is another's */
export async function portOfServer(
  ctxt: RequestContext,
  uuid: string,
  portId: string,
  { instances, db }: ComputeDependencies,
): Promise<PortRow> {
  await serverOfProject(instances, ctxt, uuid);
  const port = await findPort(db.kysely, portId);
  if (!port) throw new PortNotFound({ port_id: portId });
  if (port.device_uuid !== uuid) {
    throw new NotFound(`Instance ${uuid} does not have a port with id ${portId}`);
  }
  return port;
}

/** The server, if its interfaces can be changed now. @throws InstanceNotFound, Conflict, ServiceUnavailable */
export async function serverForInterfaces(
  ctxt: RequestContext,
  uuid: string,
  operation: 'attachInterface' | 'detachInterface',
  dependencies: ComputeDependencies,
): Promise<Instance> {
  const instance = await serverOfProject(dependencies.instances, ctxt, uuid);
  const { name, allowed } = operations[operation];
  assertAllowed(instance, name, allowed);
  await assertHostUp(instance, dependencies);
  return instance;
}
