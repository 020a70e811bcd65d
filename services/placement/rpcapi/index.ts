export type { PlacementContract } from './contract.ts';
export { PlacementAPI } from './placement-api.ts';
