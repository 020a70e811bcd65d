import { loadConfig } from '@mini-nova/config';
import { getTransport } from '@mini-nova/messaging';
import { createRpc, daemonSchema, RequestContext, transportOptions } from '@mini-nova/service';
import { GreeterAPI } from './greeter-rpc.mjs';

const transport = getTransport(transportOptions(loadConfig({ schema: daemonSchema, project: 'greeter' })));
const greeter = new GreeterAPI(createRpc(transport), { timeout: 10 });
try {
  console.log(await greeter.greet(new RequestContext({ user_id: 'me' }), { name: 'you' }));
} finally {
  await transport.close();
}
