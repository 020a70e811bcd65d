import type { Allocations, ResourceAmounts } from '@mini-nova/domain/resources';
import type { Selection } from '@mini-nova/objects';

/** What the scheduler said to claim for a destination: on the host, and on whatever providers it has beside. */
export function allocationsAsked({ allocation_request, compute_node_uuid }: Selection): Allocations {
  const { allocations } = JSON.parse(allocation_request ?? '{}') as {
    allocations?: { [providerUuid: string]: { resources: ResourceAmounts } };
  };
  const asked = Object.entries(allocations ?? {}).map(([uuid, { resources }]) => [uuid, resources]);
  return { [compute_node_uuid]: {}, ...Object.fromEntries(asked) };
}
