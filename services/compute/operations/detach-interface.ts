import { faultOf, messageOf } from '@mini-nova/domain/instance-fault';
import { infoCacheOf } from '@mini-nova/domain/network-model';
import type { RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import type { ComputeHost } from '../compute-host.ts';
import type { ComputeOperation } from './operation.ts';

/** Takes an interface away. The request has already been accepted, so any failure is recorded as a fault. */
export const detachInterface: ComputeOperation<'detachInterface'> = async (host, ctxt, args) => {
  const { instance, port_id: portId } = args;
  try {
    await detach(host, ctxt, instance, portId);
  } catch (error) {
    const data = { instance_uuid: instance.uuid, port: portId, reason: messageOf(error) };
    host.logger.warn(data, 'Failed to detach');
    await host.conductor.faultCreate(ctxt, faultOf(instance.uuid, error, host.name));
  }
};

/** An interface that the driver fails to detach stays. */
async function detach(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  portId: string,
): Promise<void> {
  const vifs = await host.network.getInstanceNwInfo(ctxt, { instance_uuid: instance.uuid });
  const vif = vifs.find(({ id }) => id === portId);
  if (!vif) {
    host.logger.info(
      { instance_uuid: instance.uuid, port: portId },
      'The interface to detach is not attached',
    );
    return;
  }
  await host.driver.detachInterface(ctxt, instance, vif);
  await releasePort(host, ctxt, instance, portId);
  await saveNetworkInfo(host, ctxt, instance);
}

export async function releasePort(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  portId: string,
): Promise<void> {
  await host.network.deallocatePortForInstance(ctxt, { instance_uuid: instance.uuid, port_id: portId });
}

/** Records the interfaces that the network has: the message's copy of the instance may be outdated. */
export async function saveNetworkInfo(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
): Promise<void> {
  const vifs = await host.network.getInstanceNwInfo(ctxt, { instance_uuid: instance.uuid });
  await host.conductor.instanceSave(ctxt, instance, { info_cache: infoCacheOf(instance, vifs) });
}
