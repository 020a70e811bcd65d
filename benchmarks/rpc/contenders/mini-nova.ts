import { getRpcServer, getTransport, RPCClient, Target } from '@mini-nova/messaging';
import type { Contender, EchoArgs, EchoClient, EchoService, Place } from '../contender.ts';

/** As a user gets it: default options, errors and warnings logged. */
export const contender: Contender = { serve, connect };

type EchoContract = {
  echo: { args: { x: number; s: string }; result: { x: number; s: string } };
  note: { args: { x: number; s: string }; result: null };
};

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
  const client = new RPCClient<EchoContract>(transport, new Target({ topic, version: '1.0' }));
  return {
    call: ({ x, s }) => client.call({}, 'echo', { x, s }),
    cast: ({ x, s }) => client.cast({}, 'note', { x, s }),
  };
}
