import { call, clientOf, defineRpc } from '@mini-nova/messaging';

export const depotRpc = defineRpc(
  { topic: 'depot' },
  { describe: call('describe', { since: '1.0', to: 'topic' }) },
);

export class DepotAPI extends clientOf(depotRpc) {}
