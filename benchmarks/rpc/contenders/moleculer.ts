import { type BrokerOptions, type Context, ServiceBroker } from 'moleculer';
import type { Contender, EchoArgs, EchoClient, EchoService, Place } from '../contender.ts';

/**
 * Its AMQP transporter, which acknowledges a request when it has run. Two settings are not its defaults: `noDelay`,
 * and no prefetch limit, without which it would serve one request at a time.
 */
export const contender: Contender = { serve, connect };

function brokerOptions({ url, topic }: Place, role: string): BrokerOptions {
  // Its types do not know that it passes these to amqplib.
  const transport = { url, prefetch: 0, socketOptions: { noDelay: true } };
  return {
    namespace: topic,
    nodeID: role,
    logger: { type: 'Console', options: { level: 'error' } },
    transporter: { type: 'AMQP', options: transport },
    requestTimeout: 60_000,
  };
}

async function serve(place: Place, service: EchoService): Promise<void> {
  const broker = new ServiceBroker(brokerOptions(place, 'server'));
  broker.createService({
    name: 'bench',
    actions: { echo: ({ params }: Context<EchoArgs>) => service.echo(params) },
    events: { note: ({ params }: Context<EchoArgs>) => service.note(params) },
  });
  await broker.start();
}

async function connect(place: Place): Promise<EchoClient> {
  const broker = new ServiceBroker(brokerOptions(place, 'client'));
  await broker.start();
  await broker.waitForServices('bench', 30_000);
  return {
    call: (args) => broker.call<EchoArgs, EchoArgs>('bench.echo', args),
    cast: async (args) => {
      await broker.emit('note', args);
    },
  };
}
