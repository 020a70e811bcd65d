export { ComputeAPI, InstanceHasNoHost } from './compute-api.ts';
export type { ComputeContract, FilterProperties } from './contract.ts';
export { GuestAPI } from './guest-api.ts';
export {
  type GuestContract,
  type GuestRecord,
  type GuestState,
  type Outcome,
  type StrayState,
  strayStates,
} from './guest-contract.ts';
