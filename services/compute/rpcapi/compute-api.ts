import { blockDevicesOf } from '@mini-nova/domain/block-devices';
import type { FilterProperties } from '@mini-nova/domain/filter-properties';
import type { VirtualInterface } from '@mini-nova/domain/network-model';
import { type VersionCapOption, versionCapOf } from '@mini-nova/domain/release-versions';
import {
  type ClientFactory,
  call,
  cast,
  clientOf,
  defineRpc,
  type JsonObject,
  type,
} from '@mini-nova/messaging';
import {
  type BlockDeviceMappingList,
  type Instance,
  type NetworkRequestList,
  type NovaObject,
  NovaObjectSerializer,
  type RequestSpec,
  type Selection,
} from '@mini-nova/objects';

/** There is no compute to send the message to: the instance is on no host. */
export class InstanceHasNoHost extends Error {
  readonly code = 'INSTANCE_HAS_NO_HOST';

  constructor(instanceUuid: string) {
    super(`Unable to find host for Instance ${instanceUuid}`);
    this.name = 'InstanceHasNoHost';
  }
}

/** @throws InstanceHasNoHost */
function hostOfInstance({ instance }: { instance: Instance }): string {
  if (!instance.host) throw new InstanceHasNoHost(instance.uuid);
  return instance.host;
}

/**
 * The part of Nova 26's compute RPC API 6.1 that is served here. Wire names, arguments and results are as recorded from
 * real Nova. `rebuild_instance`, which 6.1 changed (`reimage_boot_volume`), is not served.
 */
export const computeRpc = defineRpc(
  { topic: 'compute', version: '6.1', serializer: NovaObjectSerializer },
  {
    buildAndRunInstance: cast('build_and_run_instance', {
      since: '6.0',
      to: 'server',
      args: type<{
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
      }>(),
    }),
    terminateInstance: cast('terminate_instance', {
      since: '6.0',
      to: hostOfInstance,
      args: type<{ instance: Instance; bdms: BlockDeviceMappingList | null }>(),
      defaults: { bdms: ({ instance }) => blockDevicesOf(instance) },
    }),
    startInstance: cast('start_instance', {
      since: '6.0',
      to: hostOfInstance,
      args: type<{ instance: Instance }>(),
    }),
    stopInstance: cast('stop_instance', {
      since: '6.0',
      to: hostOfInstance,
      args: type<{ instance: Instance; clean_shutdown: boolean }>(),
      defaults: { clean_shutdown: true },
    }),
    rebootInstance: cast('reboot_instance', {
      since: '6.0',
      to: hostOfInstance,
      args: type<{
        instance: Instance;
        block_device_info: JsonObject | null;
        reboot_type: 'SOFT' | 'HARD';
      }>(),
      defaults: { block_device_info: null },
    }),
    pauseInstance: cast('pause_instance', {
      since: '6.0',
      to: hostOfInstance,
      args: type<{ instance: Instance }>(),
    }),
    unpauseInstance: cast('unpause_instance', {
      since: '6.0',
      to: hostOfInstance,
      args: type<{ instance: Instance }>(),
    }),
    attachInterface: call('attach_interface', {
      since: '6.0',
      to: hostOfInstance,
      args: type<{
        instance: Instance;
        network_id: string | null;
        port_id: string | null;
        requested_ip: string | null;
        tag: string | null;
      }>(),
      defaults: { tag: null },
      result: type<VirtualInterface>(),
    }),
    detachInterface: cast('detach_interface', {
      since: '6.0',
      to: hostOfInstance,
      args: type<{ instance: Instance; port_id: string }>(),
    }),
    getConsoleOutput: call('get_console_output', {
      since: '6.0',
      to: hostOfInstance,
      args: type<{ instance: Instance; tail_length: number | null }>(),
      result: type<string>(),
    }),
  },
);

/** The client side of the compute RPC API. Methods about an instance go to the instance's host. */
export class ComputeAPI extends clientOf(computeRpc) {
  /** `versionCap`: the version of the oldest compute that must understand the messages. */
  constructor(rpc: ClientFactory<NovaObject>, options: VersionCapOption = {}) {
    super(rpc, versionCapOf('compute', options));
  }
}
