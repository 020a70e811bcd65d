export type { NetworkContract } from './contract.ts';
export { NetworkAPI } from './network-api.ts';
