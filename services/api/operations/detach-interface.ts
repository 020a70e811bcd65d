import type { RequestStores } from '@mini-nova/data/request-stores';
import { portOfServer, serverForInterfaces } from '../interfaces/server-ports.ts';
import { boundedCast } from './bounded-cast.ts';
import type { ComputeDependencies } from './dependencies.ts';

/**
 * Resolves when the compute's queue has the request, or may have it.
 *
 * @throws NotFound, Conflict, ServiceUnavailable, Unavailable
 */
export async function detachInterface(
  stores: RequestStores,
  uuid: string,
  portId: string,
  dependencies: ComputeDependencies,
): Promise<void> {
  const instance = await serverForInterfaces(stores, uuid, 'detachInterface', dependencies);
  await portOfServer(stores, uuid, portId);
  const { compute, settings } = dependencies;
  await boundedCast(
    (options) => compute.detachInterface(stores.ctxt, { instance, port_id: portId }, options),
    settings.castTimeout,
  );
}
