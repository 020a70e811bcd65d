import type { computeRpc } from '@mini-nova/compute/rpcapi';
import { InterfaceAttachFailed } from '@mini-nova/domain/exceptions';
import { messageOf } from '@mini-nova/domain/instance-fault';
import type { VirtualInterface } from '@mini-nova/domain/network-model';
import { isOutage } from '@mini-nova/domain/outage-retry';
import type { ArgsOf, RpcContext } from '@mini-nova/messaging';
import { attempt } from '../best-effort.ts';
import type { ComputeHost } from '../compute-host.ts';
import { healInterfaces } from '../interface-healing.ts';
import { releasePort, saveNetworkInfo } from './detach-interface.ts';
import type { ComputeOperation } from './operation.ts';

type AttachArgs = ArgsOf<typeof computeRpc, 'attachInterface'>;

/**
 * Gives the instance one more interface. A failure is rolled back: no port stays.
 *
 * @throws the network's refusal (NetworkNotFound, PortInUse, …)
 * @throws InterfaceAttachFailed when the driver failed
 */
export const attachInterface: ComputeOperation<'attachInterface'> = async (host, ctxt, args) => {
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
};

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
      // The answer was lost: a port may exist that the instance's record does not have.
      await attempt(host, instance, 'give back a port nobody told of', () =>
        healInterfaces(host, ctxt, instance.uuid),
      );
    }
    throw error;
  }
}
