import { type OutageRetryOptions, repeatIdempotent } from '@mini-nova/domain/outage-retry';
import type { Inventories, ResourceAmounts } from '@mini-nova/domain/resources';
import { type ClientFactory, call, clientOf, defineRpc, type } from '@mini-nova/messaging';

/**
 * Placement for daemons without a database: a compute reports its inventory and gives allocations back. This API is
 * mini-nova's own; Nova uses REST here.
 */
export const placementRpc = defineRpc(
  { topic: 'conductor', namespace: 'placement', version: '1.1' },
  {
    /** Creates or replaces the inventory of a provider (a compute node). */
    setInventory: call('set_inventory', {
      since: '1.0',
      to: 'topic',
      idempotent: true,
      args: type<{ provider_uuid: string; provider_name: string; inventories: Inventories }>(),
    }),
    /** Releases what the consumer holds: on all providers, or only on `provider_uuid` if given. */
    deleteAllocations: call('delete_allocations', {
      since: '1.0',
      to: 'topic',
      idempotent: true,
      args: type<{ consumer_uuid: string; provider_uuid: string | null }>(),
    }),
    /** What each consumer holds on the provider, by consumer uuid. */
    getProviderAllocations: call('get_provider_allocations', {
      since: '1.0',
      to: 'topic',
      idempotent: true,
      args: type<{ provider_uuid: string }>(),
      result: type<{ [consumerUuid: string]: ResourceAmounts }>(),
    }),
    /** What the consumer holds on each provider, by provider uuid. */
    getAllocations: call('get_allocations', {
      since: '1.1',
      to: 'topic',
      idempotent: true,
      args: type<{ consumer_uuid: string }>(),
      result: type<{ [providerUuid: string]: ResourceAmounts }>(),
    }),
  },
);

/** The client side of placement. All its methods are idempotent, and are repeated when nobody answers. */
export class PlacementAPI extends clientOf(placementRpc) {
  constructor(rpc: ClientFactory, retry: OutageRetryOptions = {}) {
    super(rpc, { around: repeatIdempotent(retry) });
  }
}
