import type { VirtualInterface } from '@mini-nova/domain/network-model';
import type { JsonObject } from '@mini-nova/messaging';
import type {
  BlockDeviceMappingList,
  Instance,
  NetworkRequestList,
  RequestSpec,
  Selection,
} from '@mini-nova/objects';

/**
 * Nova 26's compute RPC API 6.1 as far as it is served here: wire names, arguments and results as recorded from
 * real Nova. Topic `compute`, no namespace.
 */
export type ComputeContract = {
  build_and_run_instance: {
    args: {
      instance: Instance;
      /** The image's REST document. */
      image: JsonObject;
      request_spec: RequestSpec;
      filter_properties: FilterProperties;
      admin_password: string | null;
      injected_files: [path: string, contents: string][] | null;
      requested_networks: NetworkRequestList | null;
      security_groups: string[] | null;
      block_device_mapping: BlockDeviceMappingList | null;
      node: string | null;
      limits: JsonObject | null;
      /** Alternates left to try when this host fails. */
      host_list: Selection[] | null;
      accel_uuids: string[] | null;
    };
    result: null;
  };
  terminate_instance: { args: { instance: Instance; bdms: BlockDeviceMappingList | null }; result: null };
  start_instance: { args: { instance: Instance }; result: null };
  stop_instance: { args: { instance: Instance; clean_shutdown: boolean }; result: null };
  reboot_instance: {
    args: { instance: Instance; block_device_info: JsonObject | null; reboot_type: 'SOFT' | 'HARD' };
    result: null;
  };
  attach_interface: {
    args: {
      instance: Instance;
      network_id: string | null;
      port_id: string | null;
      requested_ip: string | null;
      tag: string | null;
    };
    result: VirtualInterface;
  };
  detach_interface: { args: { instance: Instance; port_id: string }; result: null };
  get_console_output: { args: { instance: Instance; tail_length: number | null }; result: string };
};

/** What the scheduler, the conductor and a retried build tell each other about past attempts. */
export interface FilterProperties {
  limits?: JsonObject;
  retry?: {
    num_attempts: number;
    /** Each host tried so far, as [host, node]. */
    hosts: [host: string, node: string][];
    /** The last failure's traceback, a line each. */
    exc?: string[];
    exc_reason?: string;
  };
}
