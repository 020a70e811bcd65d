import { call, clientOf, defineRpc, type } from '@mini-nova/messaging';

/** @import { TypeMark } from '@mini-nova/messaging' */

/** @type {TypeMark<string>} */
const result = type();

export const depotRpc = defineRpc(
  { topic: 'depot' },
  { describe: call('describe', { since: '1.0', to: 'topic', result }) },
);

export class DepotAPI extends clientOf(depotRpc) {}
