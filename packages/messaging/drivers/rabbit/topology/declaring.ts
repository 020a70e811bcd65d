import type { Channel } from 'amqplib';
import { type MessageDeliveryFailure, TopologyMismatch, type TopologyMismatchData } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { checkName, NameTooLong } from '../../../names.ts';
import { amqpCode, PRECONDITION_FAILED } from '../connection/amqp-error.ts';
import { refusal } from '../publish/publication.ts';
import type { ExchangeSpec, QueueSpec } from './topology.ts';

/**
 * How RabbitMQ words it: inequivalent arg 'durable' for exchange 'nova' in vhost '/': received 'true' but current is
 * 'false'; and of arguments: received none but current is the value '60000' of type 'signedint'.
 */
const TEXT =
  /inequivalent arg '(?<argument>[^']*)' for (?<kind>queue|exchange) '(?<entity>.*)' in vhost '.*': received (?<wanted>.+) but current is (?<actual>.+?)"?$/;

/** What differs, when the broker closed a channel because a queue or an exchange is declared otherwise. */
export function mismatchData(error: unknown): TopologyMismatchData | undefined {
  if (!(error instanceof Error) || amqpCode(error) !== PRECONDITION_FAILED) return undefined;
  const { argument, kind, entity, wanted, actual } = TEXT.exec(error.message)?.groups ?? {};
  if (entity === undefined || argument === undefined) return undefined;
  return {
    kind: kind === 'queue' ? 'queue' : 'exchange',
    entity,
    argument,
    ...value('wanted', wanted),
    ...value('actual', actual),
  };
}

/** The broker's refusal as the error that users meet; undefined when it refused for another reason. */
export function topologyMismatch(error: unknown): TopologyMismatch | undefined {
  const data = mismatchData(error);
  return data && new TopologyMismatch(data, { cause: error });
}

/** `'true'` is true, `the value '1' of type 'signedint'` is 1, and `none` is nothing. */
function value(key: 'wanted' | 'actual', text: string | undefined): Partial<TopologyMismatchData> {
  const quoted = /'(.*?)'/.exec(text ?? '')?.[1];
  return quoted === undefined ? {} : { [key]: quoted };
}

/**
 * The control exchanges that this process wants durable and the broker has otherwise. Several services share a
 * control exchange, and whichever comes first decides; as oslo.messaging does, the others go along with an exchange
 * that is not durable.
 *
 * One per driver: what one channel has learnt, the others need not try.
 */
export class ExchangeFallbacks {
  readonly #logger: Logger;
  readonly #transient = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The exchange as it is to be declared. */
  apply(exchange: ExchangeSpec): ExchangeSpec {
    if (!exchange.durable || !this.#transient.has(exchange.name)) return exchange;
    return { ...exchange, durable: false };
  }

  /** Notes why the broker has refused a declaration; true when what `apply` now gives is to be tried. */
  learn(error: unknown): boolean {
    const mismatch = mismatchData(error);
    if (mismatch?.kind !== 'exchange' || mismatch.argument !== 'durable' || mismatch.wanted !== 'true')
      return false;
    const { entity } = mismatch;
    if (!this.#transient.has(entity)) {
      this.#transient.add(entity);
      this.#logger.warn(
        { exchange: entity },
        'exchange used as it is: it was to be durable, and exists as one that is not',
      );
    }
    return true;
  }
}

/** The broker has an exchange that is not durable, and so it will be declared from now on: on another channel. */
export class DeclareAgain extends Error {
  override readonly name = 'DeclareAgain';
}

/** @throws NameTooLong */
export async function declareExchange(channel: Channel, exchange: ExchangeSpec): Promise<void> {
  const { name, type, durable, autoDelete } = exchange;
  checkName('exchange', name);
  await channel.assertExchange(name, type, { durable, autoDelete });
}

/**
 * Declares the queue, its exchange and its binding.
 *
 * @throws TopologyMismatch when the broker has the queue or the exchange with other properties
 * @throws DeclareAgain when `fallbacks` has learnt what to do about that
 * @throws NameTooLong
 */
export async function declareQueue(
  channel: Channel,
  queue: QueueSpec,
  fallbacks?: ExchangeFallbacks,
): Promise<void> {
  const { name, binding, durable, autoDelete } = queue;
  checkName('queue', name);
  try {
    if (binding !== undefined) {
      await declareExchange(channel, fallbacks?.apply(binding.exchange) ?? binding.exchange);
    }
    await channel.assertQueue(name, { durable, autoDelete, arguments: queue.arguments });
    if (binding !== undefined) await channel.bindQueue(name, binding.exchange.name, binding.key);
  } catch (error) {
    if (fallbacks?.learn(error)) throw new DeclareAgain('the exchange is not durable', { cause: error });
    throw topologyMismatch(error) ?? error;
  }
}

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
