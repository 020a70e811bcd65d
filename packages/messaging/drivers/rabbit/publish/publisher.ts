import { type Channel, IllegalOperationError } from 'amqplib';
import { MessageDeliveryFailure } from '../../../errors.ts';
import { within } from '../../../waits.ts';
import { amqpCode, isAboutExchange, NOT_FOUND } from '../connection/amqp-error.ts';
import { SupervisedChannel } from '../connection/channel.ts';
import type { RabbitContext } from '../rabbit-driver.ts';
import { DeclaredExchanges } from '../topology/declaring.ts';
import { compressBody, isCompressed } from '../wire/compression.ts';
import { type Confirmation, Confirmations, type Confirms } from './confirmations.ts';
import { FrameWriter } from './frame-writer.ts';
import {
  type OutgoingMessage,
  Publication,
  publishOptions,
  refusal,
  undeliverable,
  unreachable,
} from './publication.ts';
import { NackedPublications, Unconfirmed } from './unconfirmed.ts';

/** How long (ms) `close` lets the broker confirm what is under way. */
const DRAIN_TIMEOUT = 1_000;

/**
 * Publishes over one channel, and learns what became of each message.
 *
 * A message is settled when the broker has confirmed it. What was not confirmed when the channel or the
 * connection was lost is published again, in order: a message may thus arrive twice, but is not lost.
 * Exchanges are declared before their first message on each channel.
 */
export class Publisher {
  readonly #context: RabbitContext;
  readonly #name: string;
  readonly #confirms: Confirms;
  readonly #supervised: SupervisedChannel;
  readonly #exchanges: DeclaredExchanges;
  #writer: FrameWriter | undefined;
  #confirmations: Confirmations | undefined;
  /** Not written to the current channel yet, in order. */
  #pending = new Set<Publication>();
  /** Written, and not confirmed. */
  readonly #unconfirmed = new Unconfirmed();
  /** Refused by the broker for now; published again after a pause. */
  readonly #nacked = new NackedPublications((nacked) => {
    for (const publication of nacked) this.#pending.add(publication);
    this.flush();
  });
  /** One of these made the broker close the channel: until it is found, they go one at a time. */
  readonly #suspects = new Set<Publication>();
  /** The channel's buffer is full: what is not written can still be cancelled. */
  #full = false;
  #closed = false;
  #lastFailure: Error | undefined;
  #onIdle: (() => void) | undefined;

  /** @param name tells the purpose, in logs */
  constructor(context: RabbitContext, name: string, confirms: Confirms = 'stored') {
    const { connection, fallbacks, logger } = context;
    this.#context = context;
    this.#name = name;
    this.#confirms = confirms;
    this.#exchanges = new DeclaredExchanges({
      fallbacks,
      onDeclared: () => this.flush(),
      onRefused: ({ name }, error) => {
        for (const publication of [...this.#pending]) {
          if (publication.message.exchange?.name === name) this.#fail(publication, error);
        }
      },
    });
    this.#supervised = new SupervisedChannel({
      connection,
      name,
      logger,
      open: (model) => (confirms === 'stored' ? model.createConfirmChannel() : model.createChannel()),
      setUp: (channel) => this.#setUp(channel),
    });
    this.#supervised.on('ready', () => this.flush());
    this.#supervised.on('lost', (error) => this.#onLost(error));
    connection.on('unreachable', this.#onFailure);
    connection.on('disconnected', this.#onFailure);
  }

  /** Connects before there is something to publish, so that the first message need not wait for it. Idempotent. */
  connect(): void {
    if (!this.#closed) this.#supervised.start();
  }

  /** Connects if need be. The result is told to `message.done`. */
  publish(message: OutgoingMessage): Publication {
    const compression = this.#context.settings.kombuCompression;
    const publication = new Publication(message, compression && compressed(message));
    const refused = this.#refusal(publication);
    if (refused !== undefined) publication.settle(refused);
    // Whatever waits does so for something that this message may not need.
    else if (!this.#canWrite(publication) || !this.#write(publication)) this.#pending.add(publication);
    return publication;
  }

  /** Why there is no point in trying; connects if need be. */
  #refusal(publication: Publication): MessageDeliveryFailure | undefined {
    if (this.#closed) return new MessageDeliveryFailure('The transport is closed');
    this.#supervised.start();
    const { exchange } = publication.message;
    const refused = exchange && this.#exchanges.refusal(exchange);
    if (refused !== undefined) return refused;
    const isAway = this.#context.connection.state === 'waiting';
    return isAway && publication.fails() ? unreachable(this.#lastFailure) : undefined;
  }

  /** Takes back a message that nobody needs; its `done` is not called. False when it may be on its way already. */
  cancel(publication: Publication): boolean {
    if (publication.isSettled) return false;
    publication.isSettled = true;
    this.#forget(publication);
    if (publication.written && this.#suspects.size === 0) this.#unconfirmed.noteSettled();
    return !publication.written;
  }

  /** Writes what can be written now. To be called when a message's gate becomes ready. */
  flush(): void {
    for (const publication of this.#pending) {
      if (this.#supervised.current === undefined || this.#full) return;
      if (this.#suspects.size > 0 && this.#unconfirmed.size > 0) return;
      if (!this.#canWrite(publication)) continue;
      if (!this.#write(publication)) return;
      this.#pending.delete(publication);
    }
  }

  /** Lets the broker confirm what is under way, if it does so soon; the rest fails. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#supervised.current !== undefined && !this.#isIdle) await within(DRAIN_TIMEOUT, this.#idle());
    this.#supervised.stop();
    this.#context.connection.off('unreachable', this.#onFailure);
    this.#context.connection.off('disconnected', this.#onFailure);
    const held = [...this.#unconfirmed.reset(), ...this.#pending, ...this.#nacked.takeAll()];
    const reason = 'The transport was closed before the broker had the message';
    for (const publication of held) this.#fail(publication, new MessageDeliveryFailure(reason));
  }

  async #setUp(channel: Channel): Promise<void> {
    const onDrain = (): void => {
      if (channel !== this.#supervised.current) return;
      this.#full = false;
      this.flush();
    };
    this.#writer = FrameWriter.of(channel, onDrain, this.#context.logger);
    this.#confirmations = new Confirmations(channel, this.#confirms, {
      onAck: (confirmation) => this.#onConfirm(channel, confirmation, this.#onAck),
      onNack: (confirmation) => this.#onConfirm(channel, confirmation, this.#onNack),
      isAwaited: () => this.#isAwaited(channel),
    });
    channel.on('drain', onDrain);
    channel.on('return', (message) => {
      const publication = this.#unconfirmed.findReturned(message);
      if (publication !== undefined) this.#noteReturned(publication);
      const { exchange, routingKey } = message.fields;
      this.#context.onEvent?.({ type: 'returned', data: { exchange, routingKey } });
    });
  }

  /** Whether nothing keeps this message from being written; starts what is missing. */
  #canWrite(publication: Publication): boolean {
    const channel = this.#supervised.current;
    if (channel === undefined || this.#full) return false;
    if (this.#suspects.size > 0 && this.#unconfirmed.size > 0) return false;
    const { gate, exchange } = publication.message;
    if (gate !== undefined && !gate.ready) return false;
    if (exchange === undefined || this.#exchanges.has(exchange)) return true;
    this.#exchanges.declare(channel, exchange);
    return false;
  }

  /** False when the channel takes nothing more. */
  #write(publication: Publication): boolean {
    const channel = this.#supervised.current;
    if (channel === undefined) return false;
    const { message, body, isCompressed } = publication;
    const writer = this.#writer ?? channel;
    try {
      const options = publishOptions(message, isCompressed);
      this.#full = !writer.publish(message.exchange?.name ?? '', message.routingKey, body, options);
    } catch (error) {
      // The channel is closing; what is pending goes to the next one.
      if (error instanceof IllegalOperationError) return false;
      this.#fail(publication, refusal(error));
      return true;
    }
    publication.written = true;
    this.#unconfirmed.add(publication);
    this.#confirmations?.noteWritten(message.expectsReply === true);
    const hasSuspects = this.#suspects.size > 0;
    if (hasSuspects || message.alone) this.#writer?.flush();
    // The others wait for the answer to this question, which must not overtake its message.
    if (hasSuspects) this.#confirmations?.askNow();
    return true;
  }

  #isAwaited(channel: Channel): boolean {
    if (channel !== this.#supervised.current) return false;
    // Only the broker's answer about one suspect lets the next one go.
    if (this.#suspects.size === 0) this.#unconfirmed.dropSettled();
    if (this.#onIdle !== undefined && this.#isIdle) this.#onIdle();
    return this.#unconfirmed.size > 0;
  }

  #noteReturned(publication: Publication): void {
    publication.returned = true;
    if (this.#confirms !== 'routed') return;
    // A confirmation that follows would tell nothing more.
    const wasSuspect = this.#suspects.has(publication);
    this.#onAck(publication);
    if (wasSuspect) this.flush();
  }

  #onConfirm(channel: Channel, fields: Confirmation, each: (publication: Publication) => void): void {
    // When the channel is lost, `onLost` has seen to it.
    if (channel !== this.#supervised.current) return;
    const hadSuspects = this.#suspects.size > 0;
    if (fields.multiple) this.#unconfirmed.takeUpTo(fields.deliveryTag).forEach(each);
    else {
      const publication = this.#unconfirmed.take(fields.deliveryTag);
      if (publication !== undefined) each(publication);
    }
    if (hadSuspects) this.flush();
    if (this.#onIdle !== undefined && this.#isIdle) this.#onIdle();
  }

  readonly #onAck = (publication: Publication): void => {
    if (this.#suspects.size > 0) this.#suspects.delete(publication);
    publication.settle(publication.returned ? undeliverable(publication.message) : undefined);
  };

  readonly #onNack = (publication: Publication): void => {
    if (publication.isSettled) return;
    this.#suspects.delete(publication);
    if (publication.fails()) {
      publication.settle(refusal(new Error('it was not stored')));
      return;
    }
    if (!this.#nacked.add(publication)) return;
    this.#context.logger.warn(
      { channel: this.#name },
      'RabbitMQ refuses messages again and again; publishing over another channel',
    );
    this.#supervised.replace();
  };

  /** Whatever was not confirmed on the lost channel goes first on the next one. */
  #onLost(error: Error | undefined): void {
    const lost = this.#unconfirmed.reset().filter((publication) => !publication.isSettled);
    for (const publication of lost) publication.returned = false;
    this.#exchanges.reset();
    this.#full = false;
    this.#pending = new Set([...lost, ...this.#pending]);
    const code = amqpCode(error);
    // What waits for the exchange was told by the declaration itself.
    if (isAboutExchange(error)) return;
    if (code === NOT_FOUND) {
      for (const publication of lost) {
        // The default exchange is never missing.
        const { exchange } = publication.message;
        if (exchange !== undefined && publication.missesExchange()) this.#fail(publication, refusal(error));
      }
    } else if (code !== undefined) {
      // The broker closed the channel over one of these, and does not say which.
      const [culprit, ...others] = lost;
      if (culprit !== undefined && others.length === 0) this.#fail(culprit, refusal(error));
      else for (const publication of lost) this.#suspects.add(publication);
    }
  }

  /** The connection was lost, or could not be made. */
  readonly #onFailure = (error: Error): void => {
    this.#lastFailure = error;
    for (const publication of [...this.#unconfirmed.all(), ...this.#pending]) {
      if (publication.isSettled) continue;
      if (publication.fails()) this.#fail(publication, unreachable(error));
    }
  };

  #fail(publication: Publication, error: MessageDeliveryFailure): void {
    this.#forget(publication);
    publication.settle(error);
  }

  #forget(publication: Publication): void {
    this.#pending.delete(publication);
    this.#nacked.delete(publication);
    // The others have waited for it.
    if (this.#suspects.delete(publication) && this.#suspects.size === 0) this.flush();
    if (this.#onIdle !== undefined && this.#isIdle) this.#onIdle();
  }

  get #isIdle(): boolean {
    return this.#unconfirmed.size === 0 && this.#pending.size === 0 && this.#nacked.size === 0;
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }
}

/** The message's body as it is to be published; undefined when it is compressed already. */
function compressed({ body, properties }: OutgoingMessage): Buffer | undefined {
  return isCompressed(properties?.headers) ? undefined : compressBody(body);
}
