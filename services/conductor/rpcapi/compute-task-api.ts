import type { FilterProperties } from '@mini-nova/domain/filter-properties';
import { cast, clientOf, defineRpc, type JsonObject, type } from '@mini-nova/messaging';
import {
  type BlockDeviceMappingList,
  type BuildRequest,
  type Instance,
  type NetworkRequestList,
  NovaObjectSerializer,
  type RequestSpec,
  type Selection,
  type TagList,
} from '@mini-nova/objects';

/** Orchestration of builds. */
export const computeTaskRpc = defineRpc(
  { topic: 'conductor', namespace: 'compute_task', version: '1.24', serializer: NovaObjectSerializer },
  {
    scheduleAndBuildInstances: cast('schedule_and_build_instances', {
      since: '1.17',
      to: 'topic',
      args: type<{
        build_requests: BuildRequest[];
        request_specs: RequestSpec[];
        image: JsonObject;
        admin_password: string | null;
        injected_files: [path: string, contents: string][] | null;
        requested_networks: NetworkRequestList | null;
        block_device_mapping: BlockDeviceMappingList | null;
        tags: TagList | null;
      }>(),
    }),
    /** A failed build goes on at the next of its alternates. */
    buildInstances: cast('build_instances', {
      since: '1.19',
      to: 'topic',
      args: type<{
        instances: Instance[];
        image: JsonObject;
        filter_properties: FilterProperties;
        admin_password: string | null;
        injected_files: [path: string, contents: string][] | null;
        requested_networks: NetworkRequestList | null;
        security_groups: string[] | null;
        /** Not sent since 1.8: the mappings are in the database. */
        block_device_mapping?: BlockDeviceMappingList | null;
        legacy_bdm?: boolean;
        request_spec: RequestSpec | null;
        /** Null, or absent before 1.19: the scheduler is asked. */
        host_lists?: Selection[][] | null;
      }>(),
    }),
  },
);

/** The client side of the orchestration of builds. As in Nova, `[upgrade_levels]` does not pin it. */
export class ComputeTaskAPI extends clientOf(computeTaskRpc) {}
