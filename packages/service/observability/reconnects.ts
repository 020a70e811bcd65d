import { Counter, type Registry } from 'prom-client';

/** Counts connections that came back. */
export class Reconnects {
  readonly #total: Counter;
  /** How many connections are down, by name: several transports may share one. */
  readonly #away = new Map<unknown, number>();

  constructor(registry: Registry) {
    this.#total = new Counter({
      name: 'nova_transport_reconnects_total',
      help: 'Connections to the broker that were lost and made again',
      registers: [registry],
    });
  }

  onEvent(type: string, connection: unknown): void {
    const away = this.#away.get(connection) ?? 0;
    if (type === 'disconnected') this.#away.set(connection, away + 1);
    if (type !== 'connected' || away === 0) return;
    this.#total.inc();
    if (away > 1) this.#away.set(connection, away - 1);
    else this.#away.delete(connection);
  }
}
