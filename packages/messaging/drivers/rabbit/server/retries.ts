import { type ConfirmChannel, IllegalOperationError, type Options } from 'amqplib';
import { MessageDeliveryFailure, MessagingError } from '../../../errors.ts';
import { serializeFailure } from '../../../failure.ts';
import type { Logger } from '../../../logger.ts';
import { within } from '../../../waits.ts';
import { errorText } from '../connection/amqp-error.ts';
import { SupervisedChannel } from '../connection/channel.ts';
import type { BrokerConnection } from '../connection/connection.ts';
import { expirationText, publishConfirmed } from '../publish/publication.ts';
import { declareQueue } from '../topology/declaring.ts';
import type { QueueSpec } from '../topology/topology.ts';
import { SENT_AT, sentAtText } from '../wire/wire-properties.ts';
import { ATTEMPT, deadLetterHeaders, withoutDeadLetterHeaders, withoutForeignHeaders } from './headers.ts';
import type { RabbitIncomingMessage } from './incoming-message.ts';
import type { ServerContext } from './listener.ts';

/** A message for one queue, as it is. */
interface RawMessage {
  queue: string;
  /** The queue is declared first. */
  declare?: QueueSpec;
  body: Buffer;
  options: Options.Publish;
}

/** The library cannot encode the message's properties: they may be as large as the broker allows. */
class NotEncoded extends Error {
  override readonly name = 'NotEncoded';
}

/**
 * Publishes delivered messages again, one after the other, each confirmed, by a channel of its own beside the one
 * that consumed them: when their connection is lost, the broker delivers the originals again.
 */
class Republisher {
  readonly #supervised: SupervisedChannel<ConfirmChannel>;
  #last: Promise<void> = Promise.resolve();
  #closed = false;
  #giveUp: ((error: Error) => void) | undefined;

  constructor(connection: BrokerConnection, logger: Logger) {
    this.#supervised = new SupervisedChannel({
      connection,
      name: `${connection.name}, again`,
      logger,
      open: (model) => model.createConfirmChannel(),
    });
  }

  /** Resolves when the broker has it. @throws as `publishConfirmed` and `declareQueue`; NotEncoded */
  publish(message: RawMessage): Promise<void> {
    const published = this.#last.then(() => this.#unlessClosed(message));
    this.#last = published.catch(() => {});
    return published;
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#last;
  }

  /** What is under way fails. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#supervised.stop();
    this.#giveUp?.(stopped());
  }

  #unlessClosed(message: RawMessage): Promise<void> {
    if (this.#closed) return Promise.reject(stopped());
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      this.#publish(message).then(resolve, reject);
    });
  }

  async #publish({ queue, declare, body, options }: RawMessage): Promise<void> {
    const channel = this.#supervised.current ?? (await this.#nextChannel());
    if (declare !== undefined) await declareQueue(channel, declare);
    const published = publishConfirmed(channel, { exchange: '', routingKey: queue }, body, options);
    // A quorum queue may take its time to confirm; a channel that does not answer this is dead.
    channel.prefetch(0).catch(() => {});
    try {
      await published;
    } catch (error) {
      if (error instanceof MessagingError || error instanceof IllegalOperationError) throw error;
      // The library has counted it as sent, and so takes the confirmation of each further message for another's.
      this.#supervised.replace();
      throw new NotEncoded('its properties cannot be sent', { cause: error });
    }
  }

  #nextChannel(): Promise<ConfirmChannel> {
    this.#supervised.start();
    return new Promise((resolve) => this.#supervised.once('ready', resolve));
  }
}

function stopped(): MessageDeliveryFailure {
  return new MessageDeliveryFailure('The listener was stopped');
}

/** Milliseconds before the second attempt of a cast; each further wait is twice as long, up to the last. */
const FIRST_PAUSE = 100;
const LAST_PAUSE = 5_000;
/** Milliseconds before a message that could not be put aside is tried once more. */
const AGAIN = 5_000;

/** What becomes of requests that have failed. Each is told when the broker has it in its new place. */
export class Retries {
  readonly #server: ServerContext;
  readonly #republisher: Republisher;
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;
  #failing = false;

  /** @param connection the server's own */
  constructor(server: ServerContext, connection: BrokerConnection) {
    this.#server = server;
    this.#republisher = new Republisher(connection, server.logger);
  }

  /** Publishes it to its queue again, as its next attempt, after a pause that grows with the attempts. */
  later(request: RabbitIncomingMessage, done: () => void): void {
    const pause = Math.min(FIRST_PAUSE * 2 ** (request.attempt - 1), LAST_PAUSE);
    const next = request.attempt + 1;
    this.#after(pause, () => this.#putAttempt(request, next, done));
  }

  /** Publishes it to its queue again, as the attempt that it is. */
  now(request: RabbitIncomingMessage, done: () => void): void {
    this.#putAttempt(request, request.attempt, done);
  }

  deadLetter(request: RabbitIncomingMessage, reason: string, done: () => void): void {
    const { queues, logger, tell } = this.#server;
    const { name } = queues.deadLetters;
    const message = (): RawMessage => {
      const { content, properties } = request.delivery.message;
      // A fanout is replayed to this server alone.
      const headers = deadLetterHeaders(request, reason, queues.own);
      // It must not expire there, and its sender's name is not for us to sign with.
      const { expiration: _expiration, userId: _userId, ...options } = properties;
      return { queue: name, declare: queues.deadLetters, body: content, options: { ...options, headers } };
    };
    this.#put(message, () => {
      const { queue, uniqueId, attempt: attempts } = request;
      const { method } = request.message;
      const fields = { queue, deadLetters: name, method, uniqueId, attempts, reason };
      logger.error(fields, 'a cast has become a dead letter');
      tell('dead_lettered', request, { reason });
      done();
    });
  }

  /** Answers a call that must not be tried again. */
  async refuse(request: RabbitIncomingMessage, reason: string): Promise<void> {
    const error = new MessageDeliveryFailure(`The call was not run again: ${reason}`);
    const { queue, message } = request;
    this.#server.logger.error({ queue, method: message.method, reason }, 'a call was refused');
    await request.reply({ result: null, failure: serializeFailure(error) });
  }

  /**
   * What waits is left to the broker, which delivers it again. What is under way is given so many ms: published again,
   * and not acknowledged, it would be delivered twice.
   */
  async close(milliseconds: number): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    if (milliseconds > 0) await within(milliseconds, this.#republisher.idle());
    this.#republisher.close();
  }

  /** Tries until it works. The request stays unacknowledged until then. */
  #put(message: () => RawMessage, done: () => void): void {
    this.#republisher.publish(message()).then(
      () => {
        this.#failing = false;
        done();
      },
      (error: unknown) => {
        if (this.#closed) return;
        if (error instanceof NotEncoded) this.#putBare(message(), done);
        else {
          this.#logFailure(error);
          this.#after(AGAIN, () => this.#put(message, done));
        }
      },
    );
  }

  /** With the headers of ours, there was no room for all: what its sender had beside its body is given up. */
  #putBare({ options, ...message }: RawMessage, done: () => void): void {
    const { queue } = message;
    this.#server.logger.warn({ queue }, 'a failed request is put aside without the headers of its sender');
    const bare = { ...message, options: { ...options, headers: withoutForeignHeaders(options.headers) } };
    this.#put(() => bare, done);
  }

  #logFailure(error: unknown): void {
    const level = this.#failing ? 'debug' : 'warn';
    this.#failing = true;
    this.#server.logger[level](
      { reason: errorText(error) },
      'failed requests cannot be put aside; trying again',
    );
  }

  #after(milliseconds: number, run: () => void): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, milliseconds).unref();
    this.#timers.add(timer);
  }

  #putAttempt(request: RabbitIncomingMessage, number: number, done: () => void): void {
    this.#put(
      () => attempt(request, number),
      () => {
        this.#server.tell('retried', request);
        done();
      },
    );
  }
}

/** The message as it came, for the queue that it came from, to live as long as its caller still waits. */
function attempt(request: RabbitIncomingMessage, number: number): RawMessage {
  const { content, properties } = request.delivery.message;
  const { userId: _userId, ...options } = properties;
  const headers = { ...withoutDeadLetterHeaders(properties.headers), [ATTEMPT]: number };
  const { deadline } = request;
  if (deadline !== null) {
    const now = performance.now();
    options.expiration = expirationText(deadline - now);
    if (SENT_AT in headers) headers[SENT_AT] = sentAtText(now);
  }
  return { queue: request.queue, body: content, options: { ...options, headers } };
}
