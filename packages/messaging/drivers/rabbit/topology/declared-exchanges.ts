import type { Channel } from 'amqplib';
import type { MessageDeliveryFailure } from '../../../errors.ts';
import { amqpCode } from '../connection/amqp-error.ts';
import { refusal } from '../publish/publication.ts';
import { NameTooLong } from './entity-name.ts';
import { type ExchangeFallbacks, topologyMismatch } from './exchange-declaration.ts';
import { declareExchange, type ExchangeSpec } from './topology.ts';

export interface DeclaredExchangesOptions {
  fallbacks: ExchangeFallbacks;
  /** What waits for an exchange can be published. */
  onDeclared(): void;
  /** The broker does not let this process have the exchange. */
  onRefused(exchange: ExchangeSpec, error: MessageDeliveryFailure): void;
}

/** For how long (ms) a refusal is believed: each try costs the channel. */
const REFUSAL_TTL = 5_000;

/** The exchanges that one channel has declared. */
export class DeclaredExchanges {
  readonly #options: DeclaredExchangesOptions;
  readonly #declared = new Set<string>();
  readonly #declaring = new Set<string>();
  readonly #refused = new Map<string, { error: MessageDeliveryFailure; until: number }>();

  constructor(options: DeclaredExchangesOptions) {
    this.#options = options;
  }

  has(exchange: ExchangeSpec): boolean {
    return this.#declared.has(exchange.name);
  }

  /** Why the broker has refused the exchange a moment ago. */
  refusal(exchange: ExchangeSpec): MessageDeliveryFailure | undefined {
    if (this.#refused.size === 0) return undefined;
    const refused = this.#refused.get(exchange.name);
    if (refused === undefined || refused.until > performance.now()) return refused?.error;
    this.#refused.delete(exchange.name);
    return undefined;
  }

  /** Has it declared, once. The broker's refusal closes the channel. */
  declare(channel: Channel, exchange: ExchangeSpec): void {
    const { name } = exchange;
    if (this.#declaring.has(name)) return;
    this.#declaring.add(name);
    declareExchange(channel, this.#options.fallbacks.apply(exchange)).then(
      () => {
        // False when the channel was lost meanwhile.
        if (!this.#declaring.delete(name)) return;
        this.#declared.add(name);
        this.#options.onDeclared();
      },
      (error: unknown) => this.#onRefused(exchange, error),
    );
  }

  /** The channel was lost. */
  reset(): void {
    this.#declared.clear();
    this.#declaring.clear();
  }

  #onRefused(exchange: ExchangeSpec, cause: unknown): void {
    const isTooLong = cause instanceof NameTooLong;
    // Without a code the connection was lost, and the exchange is declared on the next.
    if (!isTooLong && amqpCode(cause) === undefined) return;
    if (this.#options.fallbacks.learn(cause)) return;
    // The channel is none the worse for it.
    if (isTooLong) this.#declaring.delete(exchange.name);
    const error = topologyMismatch(cause) ?? refusal(cause);
    this.#refused.set(exchange.name, { error, until: performance.now() + REFUSAL_TTL });
    this.#options.onRefused(exchange, error);
  }
}
