import type { Inventory, ResourceAmounts } from './resources.ts';

/** An inventory and how much of it is allocated. */
export interface ResourceState extends Inventory {
  used: number;
}

export type ResourceStates = { [resourceClass: string]: ResourceState };

/** How much may be allocated in all. What is reserved is taken off before the rest is overcommitted, as in Nova. */
export function capacityOf({ total, reserved, allocation_ratio }: Inventory): number {
  return (total - reserved) * allocation_ratio;
}

/** Whether all amounts can be allocated in addition. A class without inventory has no room. */
export function hasRoom(states: ResourceStates, amounts: ResourceAmounts): boolean {
  return Object.entries(amounts).every(([resourceClass, amount]) => {
    const state = states[resourceClass];
    return state !== undefined && state.used + amount <= capacityOf(state);
  });
}
