import { loadConfig } from '@mini-nova/config';
import { getTransport, Target } from '@mini-nova/messaging';
import { createRpc, daemonSchema, RequestContext, transportOptions } from '@mini-nova/service';

const config = loadConfig({ schema: daemonSchema, project: 'depot' });
const transport = getTransport(transportOptions(config));
const client = createRpc(transport).getClient(new Target({ topic: 'depot' }), { timeout: 10 });
try {
  console.log(await client.call(new RequestContext({ user_id: 'me' }), 'describe'));
} finally {
  await transport.close();
}
