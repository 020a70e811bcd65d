export { ComputeTaskAPI } from './compute-task-api.ts';
export { ConductorAPI, type ExpectedStates } from './conductor-api.ts';
export type { ComputeTaskContract, ConductorContract } from './contract.ts';
export {
  applyUpdates,
  type Contents,
  contentsOf,
  type ObjectUpdates,
  updatesSince,
} from './object-updates.ts';
