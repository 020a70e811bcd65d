export { ComputeAPI, computeRpc, InstanceHasNoHost } from './compute-api.ts';
export {
  GuestAPI,
  type GuestRecord,
  type GuestState,
  guestRpc,
  type Outcome,
  type StrayState,
  strayStates,
} from './guest-api.ts';
export { requestPowerOperation } from './power-requests.ts';
