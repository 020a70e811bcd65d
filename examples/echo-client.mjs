import { getTransport, RPCClient, Target } from '@mini-nova/messaging';

const transport = getTransport({ url: process.argv[2] ?? 'rabbit://guest:guest@127.0.0.1:5672/' });
const client = new RPCClient(transport, new Target({ topic: 'echo' }), { timeout: 10 });
try {
  console.log(await client.call({ request_id: 'req-1' }, 'echo', { text: 'hello' }));
} finally {
  await transport.close();
}
