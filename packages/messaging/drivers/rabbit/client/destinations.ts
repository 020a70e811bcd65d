import { InvalidTarget } from '../../../errors.ts';
import type { Target } from '../../../target.ts';
import type { BrokerConnection } from '../connection/connection.ts';
import type { ExchangeSpec, Topology } from '../topology/topology.ts';

export interface RequestRoute {
  exchange: ExchangeSpec;
  routingKey: string;
}

/** Where a request to the target is published. @throws InvalidTarget when it has no topic */
export function requestRoute(target: Target, controlExchange: string, topology: Topology): RequestRoute {
  const { topic, server } = target;
  if (topic === undefined) throw new InvalidTarget('A request needs a topic', target);
  if (target.fanout) return { exchange: topology.fanoutExchange(topic), routingKey: '' };
  return {
    exchange: topology.topicExchange(target.exchange ?? controlExchange),
    routingKey: server === undefined ? topic : `${topic}.${server}`,
  };
}

/** How many destinations are remembered. */
const LIMIT = 1_000;

/** Where requests go, with what this transport knows about it. */
export interface Destination extends RequestRoute {
  /** A queue has taken a message from here, and none has failed for want of a queue since. */
  known: boolean;
}

/** The destinations of one transport's requests; if they are very many, only the most recent ones. */
export class Destinations {
  readonly #controlExchange: string;
  readonly #topology: Topology;
  readonly #byName = new Map<string, Destination>();
  /** A client uses the same target for all its calls. */
  readonly #byTarget = new WeakMap<Target, Destination>();

  constructor(controlExchange: string, topology: Topology) {
    this.#controlExchange = controlExchange;
    this.#topology = topology;
  }

  /** @throws InvalidTarget when it has no topic */
  of(target: Target): Destination {
    let destination = this.#byTarget.get(target);
    if (destination === undefined) {
      destination = this.#named(requestRoute(target, this.#controlExchange, this.#topology));
      this.#byTarget.set(target, destination);
    }
    return destination;
  }

  #named(route: RequestRoute): Destination {
    const name = JSON.stringify([route.exchange.name, route.routingKey]);
    const destination = this.#byName.get(name) ?? { ...route, known: false };
    this.#byName.delete(name);
    this.#byName.set(name, destination);
    const [oldest = name] = this.#byName.keys();
    if (this.#byName.size > LIMIT) this.#byName.delete(oldest);
    return destination;
  }
}

/** For how long (ms) a call may wait for a queue that existed before, or that may be about to come back. */
const RETURN_GRACE = 10_000;

/**
 * Which calls wait when no queue takes them. After a broker's restart everybody needs a moment to declare its queues
 * again, and a deleted exchange gets its bindings back when its servers notice; calls must not fail over that.
 */
export class ReturnGrace {
  #connections = 0;
  #remadeAt = Number.NEGATIVE_INFINITY;

  constructor(connection: BrokerConnection) {
    connection.on('connected', () => {
      this.#connections += 1;
      if (this.#connections > 1) this.#remadeAt = performance.now();
    });
  }

  /** Until when (ms of `performance.now`) a call that has just come back may wait; undefined: not at all. */
  until({ known }: Destination): number | undefined {
    const now = performance.now();
    return known || now - this.#remadeAt < RETURN_GRACE ? now + RETURN_GRACE : undefined;
  }
}
