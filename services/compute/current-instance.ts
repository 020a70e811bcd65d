import { InstanceNotFound } from '@mini-nova/domain/exceptions';
import type { RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import type { ComputeHost } from './compute-host.ts';

type Records = Pick<ComputeHost, 'conductor'>;

/** The living instance as it is now. Undefined: there is none. */
export async function currentInstance(
  { conductor }: Records,
  ctxt: RpcContext,
  uuid: string,
): Promise<Instance | undefined> {
  try {
    return await conductor.instanceGetByUuid(ctxt, uuid);
  } catch (error) {
    if (error instanceof InstanceNotFound) return undefined;
    throw error;
  }
}

/** Undefined: it was deleted, or is elsewhere. */
export async function currentHere(
  host: Records & Pick<ComputeHost, 'name'>,
  ctxt: RpcContext,
  uuid: string,
): Promise<Instance | undefined> {
  const instance = await currentInstance(host, ctxt, uuid);
  return instance?.host === host.name ? instance : undefined;
}
