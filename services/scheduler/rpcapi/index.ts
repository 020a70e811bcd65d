export type { DestinationDict, SchedulerContract } from './contract.ts';
export { SchedulerAPI } from './scheduler-api.ts';
