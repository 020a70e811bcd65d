import type { Inventories, ResourceAmounts } from '@mini-nova/domain/resources';

/**
 * Placement for those who have no database: compute reports its inventory and gives allocations back. Topic
 * `conductor`, namespace `placement`, version 1.1. This is mini-nova's own; Nova speaks REST here.
 */
export type PlacementContract = {
  /** Creates or replaces the inventory of a provider (a compute node). */
  set_inventory: {
    args: { provider_uuid: string; provider_name: string; inventories: Inventories };
    result: null;
  };
  /** Releases what the instance holds; on `provider_uuid` only, when given. Idempotent. */
  delete_allocations: { args: { consumer_uuid: string; provider_uuid: string | null }; result: null };
  /** What each consumer holds on the provider, by consumer uuid. */
  get_provider_allocations: {
    args: { provider_uuid: string };
    result: { [consumerUuid: string]: ResourceAmounts };
  };
  /** What the consumer holds on each provider, by provider uuid. Since 1.1. */
  get_allocations: {
    args: { consumer_uuid: string };
    result: { [providerUuid: string]: ResourceAmounts };
  };
};
