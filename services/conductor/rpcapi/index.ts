export { ComputeTaskAPI, computeTaskRpc } from './compute-task-api.ts';
export {
  applyUpdates,
  ConductorAPI,
  type Contents,
  contentsOf,
  type ObjectUpdates,
  updatesSince,
} from './conductor-api.ts';
export { conductorRpc, type ObjectValue } from './conductor-rpc.ts';
