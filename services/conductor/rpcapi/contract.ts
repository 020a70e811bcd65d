import type { FilterProperties } from '@mini-nova/compute/rpcapi';
import type { JsonObject, JsonValue } from '@mini-nova/messaging';
import type {
  BlockDeviceMappingList,
  BuildRequest,
  Instance,
  NetworkRequestList,
  NovaObject,
  RequestSpec,
  Selection,
  TagList,
} from '@mini-nova/objects';

/** Orchestration of builds. Topic `conductor`, namespace `compute_task`, version 1.24. */
export type ComputeTaskContract = {
  schedule_and_build_instances: {
    args: {
      build_requests: BuildRequest[];
      request_specs: RequestSpec[];
      image: JsonObject;
      admin_password: string | null;
      injected_files: [path: string, contents: string][] | null;
      requested_networks: NetworkRequestList | null;
      block_device_mapping: BlockDeviceMappingList | null;
      tags: TagList | null;
    };
    result: null;
  };
  /** A failed build goes on at the next of its alternates. */
  build_instances: {
    args: {
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
      /** Null, and left out before 1.19: the scheduler is asked. */
      host_lists?: Selection[][] | null;
    };
    result: null;
  };
};

/**
 * Nova's remotable objects: compute has no database, so it runs an object's class method (`get_by_uuid`) or
 * instance method (`save`) here. Topic `conductor`, no namespace, version 3.0.
 */
export type ConductorContract = {
  object_class_action_versions: {
    args: {
      objname: string;
      objmethod: string;
      /** The newest version of each object the caller understands. */
      object_versions: { [objname: string]: string };
      args: unknown[];
      kwargs: { [name: string]: unknown };
    };
    result: unknown;
  };
  object_action: {
    args: {
      objinst: NovaObject;
      objmethod: string;
      args: unknown[];
      kwargs: { [name: string]: unknown };
    };
    /** The fields the call changed, in primitive form, with `obj_what_changed`; and the method's own result. */
    result: [updates: { [field: string]: JsonValue }, result: unknown];
  };
};
