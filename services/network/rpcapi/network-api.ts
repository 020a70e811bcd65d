import type { VirtualInterface } from '@mini-nova/domain/network-model';
import { type OutageRetryOptions, repeatIdempotent } from '@mini-nova/domain/outage-retry';
import { type ClientFactory, call, clientOf, defineRpc, type } from '@mini-nova/messaging';
import { type NetworkRequestList, type NovaObject, NovaObjectSerializer } from '@mini-nova/objects';

/** The network API for daemons without a database. It is mini-nova's own; Nova uses Neutron's REST API here. */
export const networkRpc = defineRpc(
  { topic: 'conductor', namespace: 'network', version: '1.0', serializer: NovaObjectSerializer },
  {
    /**
     * Binds the requested ports and creates one on each requested network; if none is requested, one on the default network.
     * If the instance already has ports, returns those.
     */
    allocateForInstance: call('allocate_for_instance', {
      since: '1.0',
      to: 'topic',
      idempotent: true,
      args: type<{
        instance_uuid: string;
        project_id: string;
        host: string;
        requested_networks: NetworkRequestList | null;
      }>(),
      result: type<VirtualInterface[]>(),
    }),
    /** Deletes the ports made for the instance and unbinds those it was given. */
    deallocateForInstance: call('deallocate_for_instance', {
      since: '1.0',
      to: 'topic',
      idempotent: true,
      args: type<{ instance_uuid: string }>(),
    }),
    /** One more interface: the named port, or a new one on the named (or default) network. Not idempotent. */
    allocatePortForInstance: call('allocate_port_for_instance', {
      since: '1.0',
      to: 'topic',
      args: type<{
        instance_uuid: string;
        project_id: string;
        host: string;
        network_id: string | null;
        port_id: string | null;
        requested_ip: string | null;
      }>(),
      result: type<VirtualInterface>(),
    }),
    deallocatePortForInstance: call('deallocate_port_for_instance', {
      since: '1.0',
      to: 'topic',
      idempotent: true,
      args: type<{ instance_uuid: string; port_id: string }>(),
    }),
    /** The interfaces of all instances with ports bound on the host, by instance uuid. */
    getHostNwInfo: call('get_host_nw_info', {
      since: '1.0',
      to: 'topic',
      idempotent: true,
      args: type<{ host: string }>(),
      result: type<{ [instanceUuid: string]: VirtualInterface[] }>(),
    }),
    getInstanceNwInfo: call('get_instance_nw_info', {
      since: '1.0',
      to: 'topic',
      idempotent: true,
      args: type<{ instance_uuid: string }>(),
      result: type<VirtualInterface[]>(),
    }),
  },
);

/**
 * The client side of the network API. Idempotent methods are repeated when nobody answers, so that a broker that is away
 * for a while only delays the instance instead of failing it.
 */
export class NetworkAPI extends clientOf(networkRpc) {
  constructor(rpc: ClientFactory<NovaObject>, retry: OutageRetryOptions = {}) {
    super(rpc, { around: repeatIdempotent(retry) });
  }
}
