import { type ConfirmChannel, IllegalOperationError, type Message } from 'amqplib';
import { MessageDeliveryFailure, MessageUndeliverable } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { within } from '../../within.ts';
import { amqpCode, errorText, isAboutExchange, NOT_FOUND } from './amqp-error.ts';
import { SupervisedChannel } from './channel.ts';
import type { BrokerConnection } from './connection.ts';
import { type OutgoingMessage, Publication } from './publication.ts';
import { declareExchange, type ExchangeSpec } from './topology.ts';

export interface PublisherOptions {
  connection: BrokerConnection;
  /** Tells the purpose, in logs. */
  name: string;
  logger: Logger;
}

/** How long (ms) to wait before publishing again what the broker has refused to store (`basic.nack`). */
const NACK_PAUSE = 500;
/** How long (ms) `close` lets the broker confirm what is under way. */
const DRAIN_TIMEOUT = 1_000;

/**
 * Publishes with confirms over one channel.
 *
 * A message is settled when the broker has confirmed it. What was not confirmed when the channel or the
 * connection was lost is published again, in its order: a message can so arrive twice, but is not lost.
 * Exchanges are declared before their first message on each channel.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #supervised: SupervisedChannel<ConfirmChannel>;
  /** Not written to the current channel yet, in order. */
  #pending = new Set<Publication>();
  /** Written, and not confirmed. */
  readonly #unconfirmed = new Set<Publication>();
  /** Refused by the broker for now; published again after a pause. */
  readonly #refused = new Set<Publication>();
  /** One of these made the broker close the channel: until it is found, they go one at a time. */
  readonly #suspects = new Set<Publication>();
  readonly #declared = new Set<string>();
  readonly #declaring = new Set<string>();
  /** The channel's buffer is full: what is not written can still be cancelled. */
  #full = false;
  #closed = false;
  #lastFailure: Error | undefined;
  #onIdle: (() => void) | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#supervised = new SupervisedChannel({
      ...options,
      open: (model) => model.createConfirmChannel(),
      setUp: (channel) => this.#setUp(channel),
    });
    this.#supervised.on('ready', () => this.flush());
    this.#supervised.on('lost', (error) => this.#onLost(error));
    options.connection.on('unreachable', this.#onFailure);
    options.connection.on('disconnected', this.#onFailure);
  }

  /** Connects if need be. The result is told to `message.done`. */
  publish(message: OutgoingMessage): Publication {
    const publication = new Publication(message, (cancelled) => this.#forget(cancelled));
    if (this.#closed) {
      publication.settle(new MessageDeliveryFailure('The transport is closed'));
      return publication;
    }
    this.#supervised.start();
    if (this.#options.connection.state === 'waiting' && publication.fails()) {
      publication.settle(unreachable(this.#lastFailure));
      return publication;
    }
    this.#pending.add(publication);
    this.flush();
    return publication;
  }

  /** Writes what can be written now. To be called when a message's gate becomes ready. */
  flush(): void {
    const channel = this.#supervised.current;
    if (channel === undefined || this.#full) return;
    for (const publication of this.#pending) {
      if (this.#suspects.size > 0 && this.#unconfirmed.size > 0) return;
      const { gate, exchange } = publication.message;
      if (gate !== undefined && !gate.ready) continue;
      if (exchange !== undefined && !this.#declared.has(exchange.name)) this.#declare(channel, exchange);
      else if (!this.#write(channel, publication)) return;
    }
  }

  /**
   * Lets the broker confirm what is under way, if it is there and does so soon; the rest fails with
   * MessageDeliveryFailure. Idempotent.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#supervised.current !== undefined && !this.#isIdle) await within(DRAIN_TIMEOUT, this.#idle());
    this.#supervised.stop();
    this.#options.connection.off('unreachable', this.#onFailure);
    this.#options.connection.off('disconnected', this.#onFailure);
    for (const publication of this.#held()) {
      this.#forget(publication);
      publication.settle(
        new MessageDeliveryFailure('The transport was closed before the broker had the message'),
      );
    }
  }

  async #setUp(channel: ConfirmChannel): Promise<void> {
    channel.on('return', (message) => this.#onReturn(message));
    channel.on('drain', () => {
      this.#full = false;
      this.flush();
    });
  }

  #declare(channel: ConfirmChannel, exchange: ExchangeSpec): void {
    if (this.#declaring.has(exchange.name)) return;
    this.#declaring.add(exchange.name);
    declareExchange(channel, exchange).then(
      () => {
        if (channel !== this.#supervised.current) return;
        this.#declaring.delete(exchange.name);
        this.#declared.add(exchange.name);
        this.flush();
      },
      (error: unknown) => this.#onDeclareRefused(exchange, error),
    );
  }

  #onDeclareRefused(exchange: ExchangeSpec, error: unknown): void {
    // Without a code the connection was lost, and the exchange is declared on the next.
    if (amqpCode(error) === undefined) return;
    for (const publication of [...this.#pending]) {
      if (publication.message.exchange?.name !== exchange.name) continue;
      this.#fail(publication, refusal(error));
    }
  }

  /** False when nothing more can be written. */
  #write(channel: ConfirmChannel, publication: Publication): boolean {
    const { exchange, routingKey, body } = publication.message;
    const options = publication.publishOptions();
    try {
      this.#full = !channel.publish(exchange?.name ?? '', routingKey, body, options, (error: unknown) =>
        this.#onConfirm(channel, publication, error),
      );
    } catch (error) {
      // The channel is closing; what is pending goes to the next one.
      if (error instanceof IllegalOperationError) return false;
      this.#fail(publication, refusal(error));
      return true;
    }
    this.#pending.delete(publication);
    this.#unconfirmed.add(publication);
    return !this.#full;
  }

  #onConfirm(channel: ConfirmChannel, publication: Publication, error: unknown): void {
    // When the channel is lost, `onLost` has seen to it.
    if (channel !== this.#supervised.current || publication.isSettled) return;
    if (error === null) {
      this.#forget(publication);
      publication.settle(publication.returned ? undeliverable(publication.message) : undefined);
    } else this.#onNack(publication, error);
    if (this.#suspects.size > 0 || this.#pending.size > 0) this.flush();
  }

  #onNack(publication: Publication, error: unknown): void {
    this.#forget(publication);
    if (publication.fails()) {
      publication.settle(refusal(error));
      return;
    }
    if (this.#refused.size === 0) setTimeout(() => this.#retryRefused(), NACK_PAUSE).unref();
    this.#refused.add(publication);
  }

  #retryRefused(): void {
    for (const publication of this.#refused) this.#pending.add(publication);
    this.#refused.clear();
    this.flush();
  }

  /** A mandatory message comes back before its confirmation, as it was sent. */
  #onReturn(message: Message): void {
    for (const publication of this.#unconfirmed) {
      if (publication.returned) continue;
      const { routingKey, body } = publication.message;
      if (message.fields.routingKey !== routingKey || !message.content.equals(body)) continue;
      publication.returned = true;
      return;
    }
  }

  /** Whatever was not confirmed on the lost channel goes first on the next one. */
  #onLost(error: Error | undefined): void {
    const lost = [...this.#unconfirmed];
    this.#unconfirmed.clear();
    this.#declared.clear();
    this.#declaring.clear();
    this.#full = false;
    this.#pending = new Set([...lost, ...this.#pending]);
    const code = amqpCode(error);
    // What waits for the exchange was told by the declaration itself.
    if (isAboutExchange(error)) return;
    if (code === NOT_FOUND) {
      for (const publication of lost) {
        if (publication.missesExchange()) this.#fail(publication, refusal(error));
      }
    } else if (code !== undefined) this.#findCulprit(lost, error);
  }

  /** The broker closed the channel over one of these, and does not say which. */
  #findCulprit(lost: Publication[], error: Error | undefined): void {
    const [culprit, ...others] = lost;
    if (culprit !== undefined && others.length === 0) this.#fail(culprit, refusal(error));
    else for (const publication of lost) this.#suspects.add(publication);
  }

  /** The connection was lost, or could not be made. */
  readonly #onFailure = (error: Error): void => {
    this.#lastFailure = error;
    for (const publication of [...this.#unconfirmed, ...this.#pending]) {
      if (publication.fails()) this.#fail(publication, unreachable(error));
    }
  };

  #fail(publication: Publication, error: MessageDeliveryFailure): void {
    this.#forget(publication);
    publication.settle(error);
  }

  #forget(publication: Publication): void {
    this.#pending.delete(publication);
    this.#unconfirmed.delete(publication);
    this.#refused.delete(publication);
    this.#suspects.delete(publication);
    if (this.#isIdle) this.#onIdle?.();
  }

  #held(): Publication[] {
    return [...this.#unconfirmed, ...this.#pending, ...this.#refused];
  }

  get #isIdle(): boolean {
    return this.#unconfirmed.size === 0 && this.#pending.size === 0 && this.#refused.size === 0;
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }
}

function unreachable(cause: unknown): MessageDeliveryFailure {
  const reason = cause === undefined ? '' : `: ${errorText(cause)}`;
  return new MessageDeliveryFailure(`Unable to reach RabbitMQ${reason}`, { cause });
}

function refusal(cause: unknown): MessageDeliveryFailure {
  return new MessageDeliveryFailure(`RabbitMQ does not take the message: ${errorText(cause)}`, { cause });
}

function undeliverable(message: OutgoingMessage): MessageUndeliverable {
  return new MessageUndeliverable({ exchange: message.exchange?.name ?? '', routingKey: message.routingKey });
}
