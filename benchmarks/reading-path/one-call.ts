import { setTimeout as sleep } from 'node:timers/promises';
import { getRpcServer, getTransport, RPCClient, Target } from '@mini-nova/messaging';
import { startRabbit } from '@mini-nova/testing';
import { ExecutedFiles } from './executed-files.ts';

const WARM_UP = 200;
/** Milliseconds until the warm-up's timers have fired. */
const PAUSE = 200;

/** The files of one warm call over RabbitMQ, client and server in this process, for each of some calls. */
export async function filesOfCalls(times: number): Promise<string[][]> {
  const rabbit = await startRabbit();
  const transport = getTransport({ url: rabbit.url });
  const endpoint = { echo: (_ctxt: unknown, { text }: { text: string }) => text };
  const server = getRpcServer(transport, new Target({ topic: 'echo', server: 'bench' }), [endpoint]);
  try {
    await server.start();
    const client = new RPCClient(transport, new Target({ topic: 'echo' }));
    const call = (): Promise<unknown> => client.call({ request_id: 'req-1' }, 'echo', { text: 'hello' });
    for (let count = 0; count < WARM_UP; count += 1) await call();
    const files: string[][] = [];
    for (let count = 0; count < times; count += 1) {
      await sleep(PAUSE);
      const executed = new ExecutedFiles();
      await executed.begin();
      await call();
      files.push(await executed.end());
    }
    return files;
  } finally {
    await transport.close();
    await rabbit.close();
  }
}
