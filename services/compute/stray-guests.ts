import type { RpcContext } from '@mini-nova/messaging';
import { Instance } from '@mini-nova/objects';
import { InstanceNotFound } from '../exceptions.ts';
import { attempt } from './best-effort.ts';
import type { ComputeHost } from './compute-host.ts';
import type { InstanceLocks } from './instance-locks.ts';

/**
 * Destroys guests whose instance is deleted or on another host: while this host seemed to be down, users deleted
 * instances without it.
 */
export async function destroyStrayGuests(
  host: ComputeHost,
  ctxt: RpcContext,
  locks: InstanceLocks,
): Promise<void> {
  const guests = await host.driver.listInstanceUuids();
  const here = new Set((await host.conductor.instancesByHost(ctxt, host.name)).map(({ uuid }) => uuid));
  for (const uuid of guests) {
    // What is being done to an instance ends with its guest in order.
    if (here.has(uuid) || locks.isHeld(uuid)) continue;
    await attempt(host, new Instance({ uuid }), 'destroy a stray guest', () =>
      locks.run(uuid, () => destroyUnlessHere(host, ctxt, uuid)),
    );
  }
}

async function destroyUnlessHere(host: ComputeHost, ctxt: RpcContext, uuid: string): Promise<void> {
  if (await belongsHere(host, ctxt, uuid)) return;
  const data = { instance_uuid: uuid, host: host.name };
  host.logger.warn(data, 'Destroying a guest whose instance is not here');
  await host.driver.destroy(ctxt, new Instance({ uuid }));
}

async function belongsHere(host: ComputeHost, ctxt: RpcContext, uuid: string): Promise<boolean> {
  try {
    return (await host.conductor.instanceGetByUuid(ctxt, uuid)).host === host.name;
  } catch (error) {
    if (error instanceof InstanceNotFound) return false;
    throw error;
  }
}
