export { ComputeTaskAPI, computeTaskRpc } from './compute-task-api.ts';
export { ConductorAPI } from './conductor-api.ts';
export { conductorRpc, type ObjectValue } from './conductor-rpc.ts';
export {
  applyUpdates,
  type Contents,
  contentsOf,
  type ObjectUpdates,
  updatesSince,
} from './object-updates.ts';
