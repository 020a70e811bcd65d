import type { VirtualInterface } from '@mini-nova/domain/network-model';
import { type OutageRetryOptions, repeatIdempotent } from '@mini-nova/domain/outage-retry';
import { type ClientFactory, call, clientOf, defineRpc, type } from '@mini-nova/messaging';
import { type NetworkRequestList, type NovaObject, NovaObjectSerializer } from '@mini-nova/objects';

/** The network API for those who have no database. This is mini-nova's own; Nova speaks REST to Neutron here. */
export const networkRpc = defineRpc(
  { topic: 'conductor', namespace: 'network', version: '1.0', serializer: NovaObjectSerializer },
  {
    /**
     * Binds the requested ports and creates one on each requested network (none requested: one on the default
     * network). Asked again for the same instance, it returns the ports it has.
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
    /** One more interface: the named port, or a new one on the named (or default) network. Asked twice, it makes two. */
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
    /** Of all instances that have ports bound on the host, by instance uuid. */
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
 * The client side of the network API. What is idempotent is repeated when nobody answers: a broker that is away for a
 * while costs time, not the instance.
 */
export class NetworkAPI extends clientOf(networkRpc) {
  constructor(rpc: ClientFactory<NovaObject>, retry: OutageRetryOptions = {}) {
    super(rpc, { around: repeatIdempotent(retry) });
  }
}
