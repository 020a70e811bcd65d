import type { Database } from '@mini-nova/data/database';
import type { ResourceAmounts } from '@mini-nova/domain/resources';
import type { ArgsOf, EndpointOf, RpcRequest } from '@mini-nova/messaging';
import type { placementRpc } from '@mini-nova/placement/rpcapi';
import type { RequestContext } from '@mini-nova/service';
import { WorkQueue } from '@mini-nova/service';
import { allocationsByConsumer, allocationsByProvider, releaseAllocations } from './allocations.ts';
import { setInventory } from './inventory.ts';

type Args<M extends keyof typeof placementRpc.methods> = ArgsOf<typeof placementRpc, M>;

/** Serves placement, beside the conductor's endpoints, to daemons without a database. */
export class PlacementManager implements EndpointOf<typeof placementRpc, RequestContext> {
  readonly #db: Database;
  readonly #queue: WorkQueue;

  /** `queue`: where requests wait for the database. */
  constructor(
    db: Database,
    queue: WorkQueue = new WorkQueue({ name: 'database', width: () => Number.POSITIVE_INFINITY }),
  ) {
    this.#db = db;
    this.#queue = queue;
  }

  async setInventory(_ctxt: RequestContext, args: Args<'setInventory'>, caller?: RpcRequest): Promise<null> {
    const { provider_uuid: providerUuid, provider_name: providerName, inventories } = args;
    const inventory = { providerUuid, providerName, inventories };
    await this.#queue.run(() => setInventory(this.#db, inventory), caller);
    return null;
  }

  async deleteAllocations(
    _ctxt: RequestContext,
    { consumer_uuid, provider_uuid }: Args<'deleteAllocations'>,
    caller?: RpcRequest,
  ): Promise<null> {
    await this.#queue.run(
      () => releaseAllocations(this.#db, consumer_uuid, provider_uuid ?? undefined),
      caller,
    );
    return null;
  }

  async getProviderAllocations(
    _ctxt: RequestContext,
    args: Args<'getProviderAllocations'>,
    caller?: RpcRequest,
  ): Promise<{ [consumerUuid: string]: ResourceAmounts }> {
    return this.#queue.run(() => allocationsByConsumer(this.#db, args.provider_uuid), caller);
  }

  async getAllocations(
    _ctxt: RequestContext,
    args: Args<'getAllocations'>,
    caller?: RpcRequest,
  ): Promise<{ [providerUuid: string]: ResourceAmounts }> {
    return this.#queue.run(() => allocationsByProvider(this.#db, args.consumer_uuid), caller);
  }
}
