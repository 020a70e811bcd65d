import type { Database } from '@mini-nova/database';
import { type EndpointOf, Target } from '@mini-nova/messaging';
import type { RequestContext } from '@mini-nova/service';
import { allocationsByConsumer, allocationsByProvider, releaseAllocations } from './allocations.ts';
import type { PlacementContract } from './contract.ts';
import { setInventory } from './inventory.ts';
import type { ResourceAmounts } from './resources.ts';

type Args<M extends keyof PlacementContract> = PlacementContract[M]['args'];

/** Serves placement to those who have no database, beside the conductor's endpoints. */
export class PlacementManager implements EndpointOf<PlacementContract, RequestContext> {
  readonly target = new Target({ namespace: 'placement', version: '1.1' });
  readonly rpcMethods = [
    'set_inventory',
    'delete_allocations',
    'get_provider_allocations',
    'get_allocations',
  ] as const satisfies (keyof PlacementContract)[];
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async setInventory(_ctxt: RequestContext, args: Args<'set_inventory'>): Promise<null> {
    const { provider_uuid, provider_name, inventories } = args;
    await setInventory(this.#db, { providerUuid: provider_uuid, providerName: provider_name, inventories });
    return null;
  }

  async deleteAllocations(_ctxt: RequestContext, args: Args<'delete_allocations'>): Promise<null> {
    await releaseAllocations(this.#db, args.consumer_uuid, args.provider_uuid ?? undefined);
    return null;
  }

  async getProviderAllocations(
    _ctxt: RequestContext,
    args: Args<'get_provider_allocations'>,
  ): Promise<{ [consumerUuid: string]: ResourceAmounts }> {
    return allocationsByConsumer(this.#db, args.provider_uuid);
  }

  async getAllocations(
    _ctxt: RequestContext,
    args: Args<'get_allocations'>,
  ): Promise<{ [providerUuid: string]: ResourceAmounts }> {
    return allocationsByProvider(this.#db, args.consumer_uuid);
  }
}
