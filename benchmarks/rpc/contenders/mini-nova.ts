import { getRpcServer, getTransport, RPCClient, Target } from '@mini-nova/messaging';
import type { Contender, EchoArgs, EchoClient, EchoService, Place } from '../contender.ts';

/** As a user gets it: default options, errors and warnings logged. */
export const contender: Contender = { serve, connect };

export async function serve({ url, topic }: Place, service: EchoService): Promise<void> {
  const endpoint = {
    target: new Target({ version: '1.0' }),
    echo: (_ctxt: unknown, args: EchoArgs) => service.echo(args),
    note: (_ctxt: unknown, args: EchoArgs) => service.note(args),
  };
  const transport = getTransport({ url, controlExchange: 'bench' });
  await getRpcServer(transport, new Target({ topic, server: 'bench' }), [endpoint]).start();
}

export async function connect({ url, topic }: Place): Promise<EchoClient> {
  const transport = getTransport({ url, controlExchange: 'bench' });
  const client = new RPCClient(transport, new Target({ topic, version: '1.0' }));
  return {
    call: ({ x, s }) => client.call({}, 'echo', { x, s }) as Promise<EchoArgs>,
    cast: ({ x, s }) => client.cast({}, 'note', { x, s }),
  };
}
