import { getTransport, type RabbitOptions, Target, type Transport } from '@mini-nova/messaging';
import type { Place } from '../rpc/contender.ts';
import { quietLogger } from '../shared/quiet-logger.ts';

export interface Flow {
  name: string;
  kind: 'cast' | 'call';
  /** Messages per second. */
  rate: number;
  rabbit: RabbitOptions;
}

/** What is sent side by side: everything on transports of its own, as the options are a transport's. */
export const FLOWS: readonly Flow[] = [
  { name: 'durable casts', kind: 'cast', rate: 50, rabbit: { amqpDurableQueues: true } },
  { name: 'quorum casts', kind: 'cast', rate: 50, rabbit: { rabbitQuorumQueue: true } },
  { name: 'calls', kind: 'call', rate: 50, rabbit: {} },
];

export function flowTransport({ name, rabbit }: Flow, { url }: Place): Transport {
  // Exchanges that differ in durability cannot share a name.
  return getTransport({
    url,
    controlExchange: `soak-${name.replace(' ', '-')}`,
    rabbit,
    logger: quietLogger,
  });
}

export function flowTarget({ name }: Flow, { topic }: Place): Target {
  return new Target({ topic: `${topic}-${name.replace(' ', '-')}`, version: '1.0' });
}
