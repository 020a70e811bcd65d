import type { ComputeAPI, computeRpc } from '@mini-nova/compute/rpcapi';
import type { Database } from '@mini-nova/data/database';
import { findInstance } from '@mini-nova/data/instances/queries';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import { blockDevicesOf } from '@mini-nova/domain/block-devices';
import { isEnded } from '@mini-nova/domain/exceptions';
import type { Allocations, ResourceAmounts } from '@mini-nova/domain/resources';
import { TaskState } from '@mini-nova/domain/states/task-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { ArgsOf, RpcContext } from '@mini-nova/messaging';
import type { RequestSpec, Selection } from '@mini-nova/objects';
import { EC2Ids, type Instance } from '@mini-nova/objects';
import { allocationsByProvider, releaseAllocations } from '@mini-nova/placement/allocations';

type BuildArgs = ArgsOf<typeof computeRpc, 'buildAndRunInstance'>;

/** What a build is, wherever it runs. */
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
   * Orders the build at the selected host, on which it holds its only allocation afterwards. An instance that is
   * not waiting for a host any more (deleted, ended) is not sent, and its claim there is released, unless it is on
   * that host: then the same order came before.
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

/** What the scheduler said to claim for a destination: on the host, and on whatever providers it has beside. */
export function allocationsAsked({ allocation_request, compute_node_uuid }: Selection): Allocations {
  const { allocations } = JSON.parse(allocation_request ?? '{}') as {
    allocations?: { [providerUuid: string]: { resources: ResourceAmounts } };
  };
  const asked = Object.entries(allocations ?? {}).map(([uuid, { resources }]) => [uuid, resources]);
  return { [compute_node_uuid]: {}, ...Object.fromEntries(asked) };
}

/** The instance's ids in the EC2 API, for the metadata service of its host. They follow from its own, there is no table of them. */
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
