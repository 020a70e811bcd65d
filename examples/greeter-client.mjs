import { loadConfig } from '@mini-nova/config';
import { getTransport, Target } from '@mini-nova/messaging';
import { createRpc, daemonSchema, RequestContext, transportOptions } from '@mini-nova/service';

const transport = getTransport(transportOptions(loadConfig({ schema: daemonSchema, project: 'greeter' })));
const client = createRpc(transport).getClient(new Target({ topic: 'greeter' }), { timeout: 10 });
try {
  console.log(await client.call(new RequestContext({ user_id: 'me' }), 'greet', { name: 'you' }));
} finally {
  await transport.close();
}
