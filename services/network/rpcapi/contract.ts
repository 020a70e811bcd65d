import type { VirtualInterface } from '@mini-nova/domain/network-model';
import type { NetworkRequestList } from '@mini-nova/objects';

/**
 * The network API for those who have no database. Topic `conductor`, namespace `network`, version 1.0. This is
 * mini-nova's own; Nova speaks REST to Neutron here.
 */
export type NetworkContract = {
  /**
   * Binds the requested ports and creates one on each requested network (none requested: one on the default
   * network). Asked again for the same instance, it returns the ports it has.
   */
  allocate_for_instance: {
    args: {
      instance_uuid: string;
      project_id: string;
      host: string;
      requested_networks: NetworkRequestList | null;
    };
    result: VirtualInterface[];
  };
  /** Deletes the ports made for the instance and unbinds those it was given. Idempotent. */
  deallocate_for_instance: { args: { instance_uuid: string }; result: null };
  /** One more interface: the named port, or a new one on the named (or default) network. */
  allocate_port_for_instance: {
    args: {
      instance_uuid: string;
      project_id: string;
      host: string;
      network_id: string | null;
      port_id: string | null;
      requested_ip: string | null;
    };
    result: VirtualInterface;
  };
  deallocate_port_for_instance: { args: { instance_uuid: string; port_id: string }; result: null };
  /** Of all instances that have ports bound on the host, by instance uuid. */
  get_host_nw_info: { args: { host: string }; result: { [instanceUuid: string]: VirtualInterface[] } };
  get_instance_nw_info: { args: { instance_uuid: string }; result: VirtualInterface[] };
};
