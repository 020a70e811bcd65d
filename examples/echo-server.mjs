import { getRpcServer, getTransport, Target } from '@mini-nova/messaging';

const transport = getTransport({ url: process.argv[2] ?? 'rabbit://guest:guest@127.0.0.1:5672/' });
const endpoint = { echo: (_ctxt, { text }) => `You said: ${text}` };
const server = getRpcServer(transport, new Target({ topic: 'echo', server: 'host1' }), [endpoint]);
await server.start();
console.log('Serving. Ctrl-C ends it.');
process.once('SIGINT', async () => {
  await server.stop(); // takes no new requests
  await server.wait(); // has answered those it had
  await transport.close();
});
