import type { FailoverStrategy } from '../rabbit-options.ts';
import type { BrokerAddress } from './broker-address.ts';

/**
 * In which order the hosts of a URL are tried. Each connection starts somewhere else, so that the clients of a
 * cluster spread over its nodes; after a lost connection the next host has its turn first.
 */
export class HostOrder {
  readonly #addresses: readonly BrokerAddress[];
  readonly #strategy: FailoverStrategy;
  #first = 0;

  constructor(addresses: readonly BrokerAddress[], strategy: FailoverStrategy) {
    this.#addresses = shuffled(addresses);
    this.#strategy = strategy;
  }

  /** All hosts, each once. */
  round(): BrokerAddress[] {
    if (this.#strategy === 'shuffle') return shuffled(this.#addresses);
    return [...this.#addresses.slice(this.#first), ...this.#addresses.slice(0, this.#first)];
  }

  /** The host after this one has the next turn. */
  connected(address: BrokerAddress): void {
    this.#first = (this.#addresses.indexOf(address) + 1) % this.#addresses.length;
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
