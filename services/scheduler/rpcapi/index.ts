export { type DestinationDict, SchedulerAPI, schedulerRpc } from './scheduler-api.ts';
