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
  readonly target = new Target({ namespace: 'placement', version: '1.0' });
  readonly rpcMethods = [
    'set_inventory',
    'delete_allocations',
    'get_provider_allocations',
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
    const { provider_uuid, consumer_uuid } = args;
    if (consumer_uuid === undefined) return allocationsByConsumer(this.#db, provider_uuid);
    const { [provider_uuid]: held } = await allocationsByProvider(this.#db, consumer_uuid);
    return held === undefined ? {} : { [consumer_uuid]: held };
  }
}
