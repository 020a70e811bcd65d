import { loadConfig } from '@mini-nova/config';
import { getTransport } from '@mini-nova/messaging';
import { createRpc, daemonSchema, RequestContext, transportOptions } from '@mini-nova/service';
import { DepotAPI } from './depot-rpc.mjs';

const config = loadConfig({ schema: daemonSchema, project: 'depot' });
const transport = getTransport(transportOptions(config));
const depot = new DepotAPI(createRpc(transport), { timeout: 10 });
try {
  console.log(await depot.describe(new RequestContext({ user_id: 'me' })));
} finally {
  await transport.close();
}
