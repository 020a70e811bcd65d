import type { ResourceAmounts } from '@mini-nova/domain/resources';
import type { RpcContext } from '@mini-nova/messaging';
import type { ComputeHost } from './compute-host.ts';

/** What the instance holds, by provider uuid: nothing when it was placed by none of our schedulers, or its build was ended. */
export async function allocationsOf(
  host: ComputeHost,
  ctxt: RpcContext,
  instanceUuid: string,
): Promise<{ [providerUuid: string]: ResourceAmounts }> {
  return host.placement.getAllocations(ctxt, { consumer_uuid: instanceUuid });
}

/** Gives back what the instance holds on this host. What it holds elsewhere is another's. */
export async function releaseHere(host: ComputeHost, ctxt: RpcContext, instanceUuid: string): Promise<void> {
  host.tracker.release(instanceUuid);
  for (const provider_uuid of host.tracker.providerUuids()) {
    await host.placement.deleteAllocations(ctxt, { consumer_uuid: instanceUuid, provider_uuid });
  }
}

/** Gives back all that the instance holds anywhere: it is deleted. */
export async function releaseEverywhere(
  host: ComputeHost,
  ctxt: RpcContext,
  instanceUuid: string,
): Promise<void> {
  host.tracker.release(instanceUuid);
  await host.placement.deleteAllocations(ctxt, { consumer_uuid: instanceUuid, provider_uuid: null });
}
