import type { RequestContext } from '@mini-nova/service';
import { boundedCast } from '../compute/bounded-cast.ts';
import type { ComputeDependencies } from '../compute/dependencies.ts';
import { portOfServer, serverForInterfaces } from '../compute/server-ports.ts';

/**
 * Resolves when the compute's queue has the request, or may have it.
 *
 * @throws NotFound, Conflict, ServiceUnavailable, Unavailable
 */
export async function detachInterface(
  ctxt: RequestContext,
  uuid: string,
  portId: string,
  dependencies: ComputeDependencies,
): Promise<void> {
  const instance = await serverForInterfaces(ctxt, uuid, 'detachInterface', dependencies);
  await portOfServer(ctxt, uuid, portId, dependencies);
  const { compute, settings } = dependencies;
  await boundedCast(
    (options) => compute.detachInterface(ctxt, { instance, port_id: portId }, options),
    settings.castTimeout,
  );
}
