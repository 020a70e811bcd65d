export { NetworkAPI, networkRpc } from './network-api.ts';
