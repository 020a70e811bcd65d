import { call, clientOf, defineRpc } from '@mini-nova/messaging';

export const greeterRpc = defineRpc(
  { topic: 'greeter' },
  { greet: call('greet', { since: '1.0', to: 'topic' }) },
);

export class GreeterAPI extends clientOf(greeterRpc) {}
