import type { PortRow } from '@mini-nova/data/ports/table';
import type { RequestStores } from '@mini-nova/data/request-stores';
import { FixedIpAlreadyInUse, PortNotFound } from '@mini-nova/domain/exceptions';
import type { AttachInterfaceBody } from '../documents/interface.ts';
import { BadRequest, Conflict } from '../http-errors.ts';
import { portOfServer, serverForInterfaces } from '../interfaces/server-ports.ts';
import type { ComputeDependencies } from './dependencies.ts';

type Attachment = NonNullable<AttachInterfaceBody['interfaceAttachment']>;

/**
 * Resolves when the guest has the interface.
 *
 * @throws BadRequest, PortNotFound, Conflict, ServiceUnavailable, what the compute threw, MessagingTimeout
 */
export async function attachInterface(
  stores: RequestStores,
  uuid: string,
  attachment: Attachment,
  dependencies: ComputeDependencies,
): Promise<PortRow> {
  const { net_id = null, port_id = null, fixed_ips } = attachment;
  const address = fixed_ips?.[0]?.ip_address ?? null;
  if (net_id !== null && port_id !== null) {
    throw new BadRequest('Must not input both network_id and port_id');
  }
  if (address !== null && net_id === null) {
    throw new BadRequest('Must input network_id when request IP address');
  }
  const instance = await serverForInterfaces(stores, uuid, 'attachInterface', dependencies);
  // The network service does not know who asks.
  if (port_id !== null && !(await stores.ports.find(port_id))) throw new PortNotFound({ port_id });
  try {
    const args = { instance, network_id: net_id, port_id, requested_ip: address };
    const { id } = await dependencies.compute.attachInterface(stores.ctxt, args);
    return await portOfServer(stores, uuid, id);
  } catch (error) {
    if (error instanceof FixedIpAlreadyInUse) throw new Conflict(error.message, { cause: error });
    throw error;
  }
}
