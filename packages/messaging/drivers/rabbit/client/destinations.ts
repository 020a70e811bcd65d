import type { Target } from '../../../target.ts';
import type { Topology } from '../topology/topology.ts';
import { type RequestRoute, requestRoute } from './request-route.ts';

/** How many destinations are remembered. */
const LIMIT = 1_000;

/** Where requests go, with what this transport knows of it. */
export interface Destination extends RequestRoute {
  /** A queue has taken a message from here, and none has failed for want of a queue since. */
  known: boolean;
}

/** The destinations of one transport's requests; of very many, those for which a target was made last. */
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
    if (this.#byName.size > LIMIT) this.#forgetOldest();
    return destination;
  }

  #forgetOldest(): void {
    for (const oldest of this.#byName.keys()) {
      this.#byName.delete(oldest);
      return;
    }
  }
}
