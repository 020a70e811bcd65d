import { MessageDeliveryFailure } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import type { Target } from '../../../target.ts';
import type { DriverContext, Reply, Request, SendOptions } from '../../driver.ts';
import type { BrokerConnection } from '../connection/connection.ts';
import { QueueConsumer } from '../consume/consumer.ts';
import { type Delivery, openOrLog } from '../consume/delivery.ts';
import { Outbox } from '../publish/publication.ts';
import type { Publisher } from '../publish/publisher.ts';
import { ReturnedMessages } from '../publish/returned-messages.ts';
import type { QueueSpec, Topology } from '../topology/topology.ts';
import {
  decodeReply,
  encodeCancel,
  encodeRequest,
  encodeRollCall,
  uniqueId,
  type WireReply,
} from '../wire/wire-message.ts';
import { CANCEL, ROLL_CALL } from '../wire/wire-properties.ts';
import { AbandonedCalls } from './abandoned-calls.ts';
import { Destinations, ReturnGrace } from './destinations.ts';
import { type CallTools, OutgoingCall, OutgoingCast } from './outgoing-requests.ts';
import { ReplyWaiters } from './reply-waiters.ts';
import { type RollCall, ServerWatch } from './server-watch.ts';

export interface ReplyConsumerOptions {
  connection: BrokerConnection;
  queue: QueueSpec;
  logger: Logger;
  /** `server`: the queue by which its sender can be reached, if it tells that. */
  onReply(reply: WireReply, server: string | undefined): void;
}

/** The one reply queue of a driver. The queue keeps its name, so that replies to calls under way still arrive. */
export class ReplyConsumer {
  /** The queue's name. */
  readonly queue: string;
  readonly #options: ReplyConsumerOptions;
  readonly #consumer: QueueConsumer;

  constructor(options: ReplyConsumerOptions) {
    this.queue = options.queue.name;
    this.#options = options;
    this.#consumer = new QueueConsumer({
      connection: options.connection,
      name: this.queue,
      queues: [options.queue],
      // Replies are handed over at once: a limit could only delay them.
      prefetch: 0,
      logger: options.logger,
      onDelivery: (delivery) => this.#receive(delivery),
    });
  }

  /** True while the queue is declared and consumed: only then may a call be sent. */
  get ready(): boolean {
    return this.#consumer.ready;
  }

  onReady(listener: () => void): void {
    this.#consumer.channel.on('ready', listener);
  }

  start(): void {
    this.#consumer.start();
  }

  stop(options: { deleteQueue: boolean }): Promise<void> {
    return this.#consumer.stop(options.deleteQueue);
  }

  #receive(delivery: Delivery): void {
    const reply = openOrLog(decodeReply, delivery, this.#options.logger);
    if (reply === undefined) return;
    const { replyTo }: { replyTo?: unknown } = delivery.message.properties;
    this.#options.onReply(reply, typeof replyTo === 'string' && replyTo !== '' ? replyTo : undefined);
  }
}

export interface RequestClientOptions {
  /** Publishes the requests, and consumes the replies. */
  connection: BrokerConnection;
  /** Of the requests of calls. */
  publisher: Publisher;
  casts: Publisher;
  /** Apart, because a fanout exchange goes with its last queue, and publishing to it then costs the channel. */
  fanouts: Publisher;
  topology: Topology;
  /** For how many seconds a cast waits for its queue. */
  retryTimeout: number;
  context: DriverContext;
}

/** For how long (ms) a cancel message may wait for a server that is busy. */
const CANCEL_EXPIRATION = 60_000;
/** As long (ms) as that a roll call is worth an answer. */
const ROLL_CALL_EXPIRATION = 10_000;

/** The sending side: calls and casts, and the replies to the calls. */
export class RequestClient {
  readonly #options: RequestClientOptions;
  readonly #destinations: Destinations;
  readonly #outbox: Outbox;
  readonly #returned: ReturnedMessages;
  readonly #replies: ReplyConsumer;
  readonly #abandoned: AbandonedCalls;
  readonly #watch: ServerWatch;
  readonly #waiters: ReplyWaiters;
  readonly #tools: CallTools;
  #leaveQueue = false;

  constructor(options: RequestClientOptions) {
    const { connection, publisher, casts, topology, retryTimeout } = options;
    const { controlExchange, limits, logger, onEvent } = options.context;
    this.#options = options;
    this.#destinations = new Destinations(controlExchange, topology);
    this.#outbox = new Outbox(limits.outboxBytes);
    this.#returned = new ReturnedMessages({
      publisher: casts,
      retryTimeout,
      maxBytes: limits.outboxBytes,
      logger,
    });
    this.#abandoned = new AbandonedCalls((server, msgId) => this.#sendCancel(server, msgId));
    this.#replies = new ReplyConsumer({
      connection,
      queue: topology.replyQueue(uniqueId()),
      logger,
      onReply: (reply, server) => this.#onReply(reply, server),
    });
    this.#watch = new ServerWatch({
      connection,
      replies: this.#replies,
      logger,
      onEvent,
      callRoll: (roll, consumers) => this.#sendRollCall(roll, consumers),
    });
    this.#waiters = new ReplyWaiters((waiters) => this.#watch.doubt(waiters));
    this.#replies.onReady(() => {
      this.#waiters.restartSilences();
      publisher.flush();
      // The requests that came back are tried again there.
      casts.flush();
    });
    this.#tools = {
      publisher,
      outbox: this.#outbox,
      returned: this.#returned,
      grace: new ReturnGrace(connection),
      waiters: this.#waiters,
      abandoned: this.#abandoned,
      replies: this.#replies,
    };
  }

  /** Resolves once the broker has taken responsibility. */
  cast(target: Target, request: Request, options: SendOptions): Promise<undefined> {
    return new Promise((resolve, reject) => {
      const cast = new OutgoingCast({
        publisher: target.fanout ? this.#options.fanouts : this.#options.casts,
        outbox: this.#outbox,
        returned: this.#returned,
        destination: this.#destinations.of(target),
        options,
        body: encodeRequest(request, uniqueId()),
        // A fanout may well have nobody to go to.
        mandatory: !target.fanout,
        resolve: () => resolve(undefined),
        reject,
      });
      cast.send();
    });
  }

  /** Resolves with the reply. */
  call(target: Target, request: Request, options: SendOptions): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const msgId = uniqueId();
      const body = encodeRequest(request, uniqueId(), {
        msgId,
        replyQueue: this.#replies.queue,
        callMonitorTimeout: options.callMonitorTimeout ?? null,
      });
      const destination = this.#destinations.of(target);
      const { method } = request.message;
      const parts = { target, destination, method, options, msgId, body, resolve, reject };
      const call = new OutgoingCall(parts, this.#tools);
      this.#replies.start();
      call.send();
    });
  }

  /** Fails the calls under way, and tells the servers that are known to run them. The publishers are open still. */
  failCalls(): void {
    // A queue that a server may still answer to is left to expire: a reply that finds none would be tried again.
    this.#leaveQueue = this.#waiters.size > 0;
    this.#waiters.failAll(new MessageDeliveryFailure('The transport was closed before the reply came'));
  }

  /** To be called after `failCalls`, when the publishers are closed. */
  async close(): Promise<void> {
    this.#returned.close();
    await this.#replies.stop({ deleteQueue: !this.#leaveQueue });
  }

  #onReply(reply: WireReply, server: string | undefined): void {
    if (this.#waiters.deliver(reply, server)) return;
    const { msgId, ending } = reply;
    if (server !== undefined && this.#watch.answered(msgId, server)) return;
    if (ending) this.#abandoned.delete(msgId);
    else if (server !== undefined) this.#abandoned.heardOf(msgId, server);
    this.#options.context.logger.debug(
      { queue: this.#replies.queue, msgId },
      'reply dropped: nobody waits for it',
    );
  }

  #sendCancel(server: string, msgId: string): void {
    const { publisher, context } = this.#options;
    publisher.publish({
      routingKey: server,
      body: encodeCancel(),
      properties: { type: CANCEL, correlationId: msgId },
      expiration: CANCEL_EXPIRATION,
      retry: 0,
      done: (error) => {
        if (error === undefined) return;
        context.logger.debug({ msgId, reason: error.message }, 'server not told of a cancelled call');
      },
    });
  }

  /** All servers of the topic are asked; one that was called by its name alone, for there may be a thousand others. */
  #sendRollCall({ id, queue, waiters: [first] }: RollCall, consumers: number): void {
    const { fanouts, casts, topology, context } = this.#options;
    const { topic, server, namespace = null, version } = first?.target ?? {};
    if (topic === undefined) return;
    const alone = server !== undefined && consumers === 1;
    (alone ? casts : fanouts).publish({
      exchange: alone ? undefined : topology.fanoutExchange(topic),
      routingKey: alone ? queue : '',
      body: encodeRollCall(queue, uniqueId(), { namespace, version }),
      properties: { type: ROLL_CALL, correlationId: id, replyTo: this.#replies.queue },
      expiration: ROLL_CALL_EXPIRATION,
      retry: 0,
      done: (error) => {
        if (error === undefined) return;
        context.logger.debug({ queue, reason: error.message }, 'servers not asked for calls');
      },
    });
  }
}
