import type { computeRpc } from '@mini-nova/compute/rpcapi';
import { InterfaceAttachFailed } from '@mini-nova/domain/exceptions';
import { faultOf, messageOf } from '@mini-nova/domain/instance-fault';
import { infoCacheOf } from '@mini-nova/domain/network-info';
import type { VirtualInterface } from '@mini-nova/domain/network-model';
import { isOutage } from '@mini-nova/domain/outage-retry';
import type { ArgsOf, RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { attempt } from './best-effort.ts';
import type { ComputeHost } from './compute-host.ts';
import { healInterfaces } from './interface-healing.ts';

type AttachArgs = ArgsOf<typeof computeRpc, 'attachInterface'>;

/**
 * Gives the instance one more interface. What fails is rolled back: no port stays.
 *
 * @throws what the network refuses (NetworkNotFound, PortInUse, …)
 * @throws InterfaceAttachFailed when the host failed
 */
export async function attachInterface(
  host: ComputeHost,
  ctxt: RpcContext,
  args: AttachArgs,
): Promise<VirtualInterface> {
  const { instance } = args;
  const vif = await allocatePort(host, ctxt, args);
  try {
    await host.driver.attachInterface(ctxt, instance, vif);
    await saveNetworkInfo(host, ctxt, instance);
    return vif;
  } catch (error) {
    await attempt(host, instance, 'detach the interface', () =>
      host.driver.detachInterface(ctxt, instance, vif),
    );
    await attempt(host, instance, 'give the port back', () => releasePort(host, ctxt, instance, vif.id));
    const data = { instance_uuid: instance.uuid, reason: messageOf(error) };
    throw new InterfaceAttachFailed(data, { cause: error });
  }
}

/** Takes an interface away. The request was accepted: whatever fails is recorded as a fault. */
export async function detachInterface(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  portId: string,
): Promise<void> {
  try {
    await detach(host, ctxt, instance, portId);
  } catch (error) {
    const data = { instance_uuid: instance.uuid, port: portId, reason: messageOf(error) };
    host.logger.warn(data, 'Failed to detach');
    await host.conductor.faultCreate(ctxt, faultOf(instance.uuid, error, host.name));
  }
}

/** An interface that the host does not detach stays. */
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

async function allocatePort(
  host: ComputeHost,
  ctxt: RpcContext,
  args: AttachArgs,
): Promise<VirtualInterface> {
  const { instance, network_id, port_id, requested_ip, tag } = args;
  if (tag !== null && tag !== undefined) {
    throw new InterfaceAttachFailed({
      instance_uuid: instance.uuid,
      reason: 'device tags are not supported',
    });
  }
  try {
    return await host.network.allocatePortForInstance(ctxt, {
      instance_uuid: instance.uuid,
      project_id: instance.project_id ?? '',
      host: host.name,
      network_id,
      port_id,
      requested_ip,
    });
  } catch (error) {
    if (isOutage(error)) {
      // The answer was lost: a port may have been made that the instance does not know.
      await attempt(host, instance, 'give back a port nobody told of', () =>
        healInterfaces(host, ctxt, instance.uuid),
      );
    }
    throw error;
  }
}

async function releasePort(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  portId: string,
): Promise<void> {
  await host.network.deallocatePortForInstance(ctxt, { instance_uuid: instance.uuid, port_id: portId });
}

/** The message's copy of the instance may be older than its interfaces: the network knows them. */
async function saveNetworkInfo(host: ComputeHost, ctxt: RpcContext, instance: Instance): Promise<void> {
  const vifs = await host.network.getInstanceNwInfo(ctxt, { instance_uuid: instance.uuid });
  await host.conductor.instanceSave(ctxt, instance, { info_cache: infoCacheOf(instance, vifs) });
}
