import { InvalidTarget } from '../../../errors.ts';
import type { Target } from '../../../target.ts';
import type { ExchangeSpec, Topology } from '../topology/topology.ts';

export interface RequestRoute {
  exchange: ExchangeSpec;
  routingKey: string;
}

/**
 * Where a request to the target is published.
 * @throws InvalidTarget when it has no topic
 */
export function requestRoute(target: Target, controlExchange: string, topology: Topology): RequestRoute {
  const { topic, server } = target;
  if (topic === undefined) throw new InvalidTarget('A request needs a topic', target);
  if (target.fanout) return { exchange: topology.fanoutExchange(topic), routingKey: '' };
  return {
    exchange: topology.topicExchange(target.exchange ?? controlExchange),
    routingKey: server === undefined ? topic : `${topic}.${server}`,
  };
}
