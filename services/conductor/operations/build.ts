import type { ComputeAPI, computeRpc } from '@mini-nova/compute/rpcapi';
import type { computeTaskRpc } from '@mini-nova/conductor/rpcapi';
import type { BuildRequestStore } from '@mini-nova/data/build-requests/store';
import type { Database } from '@mini-nova/data/database';
import { findInstance } from '@mini-nova/data/instances/queries';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import { DatabaseUnavailable } from '@mini-nova/database';
import { blockDevicesOf } from '@mini-nova/domain/block-devices';
import { isEnded, NoValidHost } from '@mini-nova/domain/exceptions';
import type { FilterProperties } from '@mini-nova/domain/filter-properties';
import { outlastDatabase } from '@mini-nova/domain/outage-retry';
import type { Allocations, ResourceAmounts } from '@mini-nova/domain/resources';
import { TaskState } from '@mini-nova/domain/states/task-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { ArgsOf, RpcContext } from '@mini-nova/messaging';
import type { RequestSpec, Selection } from '@mini-nova/objects';
import { EC2Ids, type Instance } from '@mini-nova/objects';
import { allocationsByProvider, releaseAllocations } from '@mini-nova/placement/allocations';
import type { SchedulerAPI } from '@mini-nova/scheduler/rpcapi';
import { type FailedBuilds, isScheduling } from '../failed-builds.ts';
import type { SchedulingLine } from '../scheduling-line.ts';

type RequestArgs = ArgsOf<typeof computeTaskRpc, 'scheduleAndBuildInstances'>;

interface Build {
  uuid: string;
  spec: RequestSpec;
}

export interface FirstBuildOptions {
  buildRequests: BuildRequestStore;
  scheduler: SchedulerAPI;
  dispatch: BuildDispatch;
  failedBuilds: FailedBuilds;
  /** Hosts that a build may try in all. */
  maxAttempts: () => number;
  /** Where builds wait for their turn with the scheduler. */
  line: SchedulingLine;
}

/** From the user's request to the first host. */
export class FirstBuild {
  readonly #options: FirstBuildOptions;

  constructor(options: FirstBuildOptions) {
    this.#options = options;
  }

  /** Each instance goes to a host, or ends in ERROR with a fault. */
  async run(ctxt: RpcContext, args: RequestArgs): Promise<void> {
    const uuids = args.build_requests.map(({ instance_uuid }) => instance_uuid);
    const { builds, hostLists } = await this.#options.line.run(uuids, () => this.#schedule(ctxt, args));
    for (const [index, build] of builds.entries()) {
      await this.#start(ctxt, args, build, hostLists[index] ?? []);
    }
  }

  /** Builds that were deleted while they waited are left out: no host is asked for. */
  async #schedule(
    ctxt: RpcContext,
    args: RequestArgs,
  ): Promise<{ builds: Build[]; hostLists: Selection[][] }> {
    const builds = await this.#takeRequests(args);
    const hostLists = await this.#select(ctxt, builds);
    return hostLists === undefined ? { builds: [], hostLists: [] } : { builds, hostLists };
  }

  /**
   * A request that is gone was deleted by the user, or taken by a conductor that got the same message: whoever deletes
   * it owns the instance.
   */
  async #takeRequests({ build_requests, request_specs }: RequestArgs): Promise<Build[]> {
    const builds: Build[] = [];
    for (const [index, { instance_uuid: uuid }] of build_requests.entries()) {
      const spec = request_specs[index];
      if (spec && (await this.#takeRequest(uuid))) builds.push({ uuid, spec });
    }
    return builds;
  }

  /**
   * A request that is gone after an answer was lost was most likely taken here. If not, two conductors send the build,
   * and the computes let only one of them begin.
   */
  async #takeRequest(uuid: string): Promise<boolean> {
    let lost = false;
    return outlastDatabase(async () => {
      try {
        return (await this.#options.buildRequests.delete(uuid)) || lost;
      } catch (error) {
        lost ||= error instanceof DatabaseUnavailable && error.outcome === 'unknown';
        throw error;
      }
    });
  }

  /** Undefined: no host was found, and the instances have been ended. */
  async #select(ctxt: RpcContext, builds: Build[]): Promise<Selection[][] | undefined> {
    const [first] = builds;
    if (!first) return [];
    const request = { instance_uuids: builds.map(({ uuid }) => uuid), spec_obj: first.spec };
    try {
      // When it is asked again, the scheduler keeps the claims that it made before its answer was lost.
      const { scheduler, line } = this.#options;
      return await outlastDatabase(() => line.ask(() => scheduler.selectDestinations(ctxt, request)));
    } catch (error) {
      for (const { uuid } of builds) await this.#options.failedBuilds.tryToEnd(uuid, error, isScheduling);
      return undefined;
    }
  }

  async #start(
    ctxt: RpcContext,
    args: RequestArgs,
    { uuid, spec }: Build,
    hosts: Selection[],
  ): Promise<void> {
    const { dispatch, failedBuilds } = this.#options;
    const { image, admin_password, injected_files, requested_networks } = args;
    const [selected, ...alternates] = hosts;
    try {
      if (!selected) throw new NoValidHost({ reason: 'The scheduler named no host.' });
      const order = {
        image,
        request_spec: spec,
        filter_properties: this.#filterProperties(selected),
        admin_password,
        injected_files,
        requested_networks,
      };
      await outlastDatabase(() => dispatch.send(ctxt, uuid, { selected, alternates }, order));
    } catch (error) {
      await failedBuilds.tryToEnd(uuid, error, isScheduling);
    }
  }

  /** Without retry information a failed build is not sent on. */
  #filterProperties({ service_host, nodename }: Selection): FilterProperties {
    if (this.#options.maxAttempts() <= 1) return { limits: {} };
    return { limits: {}, retry: { num_attempts: 1, hosts: [[service_host, nodename]] } };
  }
}

type BuildArgs = ArgsOf<typeof computeRpc, 'buildAndRunInstance'>;

/** The arguments of a build that are the same for every host. */
export type BuildOrder = Omit<
  BuildArgs,
  'instance' | 'node' | 'host_list' | 'accel_uuids' | 'limits' | 'security_groups' | 'block_device_mapping'
> & {
  /** Default: those of the request spec. */
  security_groups?: string[] | null;
};

export interface BuildDispatchOptions {
  db: Database;
  instances: InstanceStore;
  compute: ComputeAPI;
}

/** Sends builds to the hosts that were claimed for them. */
export class BuildDispatch {
  readonly #db: Database;
  readonly #instances: InstanceStore;
  readonly #compute: ComputeAPI;

  constructor({ db, instances, compute }: BuildDispatchOptions) {
    this.#db = db;
    this.#instances = instances;
    this.#compute = compute;
  }

  /**
   * Sends the build to the selected host; from then on the instance holds an allocation only there. An instance that no
   * longer waits for a host (deleted, ended) is not sent, and its claim there is released, unless it is on that host:
   * then the same build was sent before.
   */
  async send(
    ctxt: RpcContext,
    uuid: string,
    { selected, alternates }: { selected: Selection; alternates: Selection[] },
    order: BuildOrder,
  ): Promise<void> {
    const instance = await this.#prepare(uuid, selected);
    if (!instance) {
      await this.#releaseUnlessThere(uuid, selected);
      return;
    }
    await this.#releaseElsewhere(uuid, selected);
    instance.ec2_ids = ec2IdsOf(instance);
    await this.#compute.buildAndRunInstance(ctxt, selected.service_host, {
      ...order,
      instance,
      security_groups: order.security_groups ?? securityGroupsOf(order.request_spec),
      block_device_mapping: blockDevicesOf(instance),
      node: selected.nodename,
      limits: {},
      host_list: alternates,
      accel_uuids: [],
    });
  }

  async #prepare(uuid: string, selected: Selection): Promise<Instance | undefined> {
    try {
      const instance = await this.#instances.getByUuid(uuid);
      const changes = { availability_zone: selected.availability_zone };
      await this.#instances.update(instance, changes, {
        vmState: [VmState.BUILDING],
        taskState: [TaskState.SCHEDULING],
      });
      return instance;
    } catch (error) {
      if (isEnded(error)) return undefined;
      throw error;
    }
  }

  async #releaseUnlessThere(uuid: string, selected: Selection): Promise<void> {
    const row = await findInstance(this.#db.kysely, uuid);
    if (row?.host === selected.service_host) return;
    for (const provider of Object.keys(allocationsAsked(selected))) {
      await releaseAllocations(this.#db, uuid, provider);
    }
  }

  /** An earlier host that could not give its claim back, or a scheduler whose answer was lost, may have left one. */
  async #releaseElsewhere(uuid: string, selected: Selection): Promise<void> {
    const held = await allocationsByProvider(this.#db, uuid);
    const asked = allocationsAsked(selected);
    for (const provider of Object.keys(held)) {
      if (asked[provider] === undefined) await releaseAllocations(this.#db, uuid, provider);
    }
  }
}

/** As Nova names them to the host. */
function securityGroupsOf(spec: RequestSpec): string[] {
  return spec.has('security_groups') ? [...spec.security_groups].map(({ name }) => name ?? '') : [];
}

/** What the scheduler said to claim for a destination: on the host, and on other providers of it. */
export function allocationsAsked({ allocation_request, compute_node_uuid }: Selection): Allocations {
  const { allocations } = JSON.parse(allocation_request ?? '{}') as {
    allocations?: { [providerUuid: string]: { resources: ResourceAmounts } };
  };
  const asked = Object.entries(allocations ?? {}).map(([uuid, { resources }]) => [uuid, resources]);
  return { [compute_node_uuid]: {}, ...Object.fromEntries(asked) };
}

/**
 * The instance's ids in the EC2 API, for the metadata service of its host. They are derived from its own; no table
 * holds them.
 */
export function ec2IdsOf({ id, image_ref }: Instance): EC2Ids {
  return new EC2Ids({
    instance_id: `i-${hex(id)}`,
    ami_id: image_ref ? `ami-${image_ref.replaceAll('-', '').slice(0, 8).padEnd(8, '0')}` : null,
    kernel_id: null,
    ramdisk_id: null,
  });
}

function hex(id: number): string {
  return id.toString(16).padStart(8, '0');
}
