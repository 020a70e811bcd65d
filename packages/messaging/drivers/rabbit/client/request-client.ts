import { MessageDeliveryFailure } from '../../../errors.ts';
import type { Target } from '../../../target.ts';
import type { Reply, Request, SendOptions } from '../../driver.ts';
import { QueueConsumer } from '../consume/consumer.ts';
import { type Delivery, openOrLog } from '../consume/delivery.ts';
import { Outbox } from '../publish/publication.ts';
import type { Publisher } from '../publish/publisher.ts';
import { ReturnedMessages } from '../publish/returned-messages.ts';
import type { RabbitContext } from '../rabbit-context.ts';
import type { QueueSpec } from '../topology/topology.ts';
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

/** By whom requests are published. */
interface Publishers {
  calls: Publisher;
  casts: Publisher;
  fanouts: Publisher;
}

/** For how long (ms) a cancel message may wait for a server that is busy. */
const CANCEL_EXPIRATION = 60_000;
/** For so long (ms) a roll call is worth an answer. */
const ROLL_CALL_EXPIRATION = 10_000;

/** The sending side: calls and casts, and the replies to the calls. */
export class RequestClient {
  readonly #context: RabbitContext;
  readonly #publishers: Publishers;
  readonly #destinations: Destinations;
  readonly #outbox: Outbox;
  readonly #returned: ReturnedMessages;
  /** The only reply queue. It keeps its name, so that replies to calls under way still arrive. */
  readonly #replyQueue: QueueSpec;
  readonly #replies: QueueConsumer;
  readonly #abandoned: AbandonedCalls;
  readonly #watch: ServerWatch;
  readonly #waiters: ReplyWaiters;
  readonly #tools: CallTools;
  #leaveQueue = false;

  constructor(context: RabbitContext, publishers: Publishers) {
    const { calls, casts } = publishers;
    const { connection, controlExchange, limits, logger, onEvent, settings, topology } = context;
    this.#context = context;
    this.#publishers = publishers;
    this.#destinations = new Destinations(controlExchange, topology);
    this.#outbox = new Outbox(limits.outboxBytes);
    this.#returned = new ReturnedMessages({
      publisher: casts,
      retryTimeout: settings.kombuMissingConsumerRetryTimeout,
      maxBytes: limits.outboxBytes,
      logger,
    });
    this.#abandoned = new AbandonedCalls((server, msgId) => this.#sendCancel(server, msgId));
    this.#replyQueue = topology.replyQueue(uniqueId());
    this.#replies = new QueueConsumer({
      connection,
      name: this.#replyQueue.name,
      queues: [this.#replyQueue],
      // Replies are handed over at once: a limit could only delay them.
      prefetch: 0,
      logger,
      onDelivery: (delivery) => this.#receive(delivery),
    });
    this.#watch = new ServerWatch({
      connection,
      replies: this.#replies,
      logger,
      onEvent,
      callRoll: (roll, consumers) => this.#sendRollCall(roll, consumers),
    });
    this.#waiters = new ReplyWaiters((waiters) => this.#watch.doubt(waiters));
    this.#replies.channel.on('ready', () => {
      this.#waiters.restartSilences();
      calls.flush();
      // The requests that came back are tried again there.
      casts.flush();
    });
    this.#tools = {
      publisher: calls,
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
        publisher: target.fanout ? this.#publishers.fanouts : this.#publishers.casts,
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
        replyQueue: this.#replyQueue.name,
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
    // A queue to which a server may still reply is left to expire: a reply without a queue would be retried.
    this.#leaveQueue = this.#waiters.size > 0;
    this.#waiters.failAll(new MessageDeliveryFailure('The transport was closed before the reply came'));
  }

  /** To be called after `failCalls`, when the publishers are closed. */
  async close(): Promise<void> {
    this.#returned.close();
    await this.#replies.stop(!this.#leaveQueue);
  }

  #receive(delivery: Delivery): void {
    const reply = openOrLog(decodeReply, delivery, this.#context.logger);
    if (reply === undefined) return;
    // The queue by which the sender can be reached, if it names one.
    const { replyTo }: { replyTo?: unknown } = delivery.message.properties;
    this.#onReply(reply, typeof replyTo === 'string' && replyTo !== '' ? replyTo : undefined);
  }

  #onReply(reply: WireReply, server: string | undefined): void {
    if (this.#waiters.deliver(reply, server)) return;
    const { msgId, ending } = reply;
    if (server !== undefined && this.#watch.answered(msgId, server)) return;
    if (ending) this.#abandoned.delete(msgId);
    else if (server !== undefined) this.#abandoned.heardOf(msgId, server);
    this.#context.logger.debug({ queue: this.#replyQueue.name, msgId }, 'reply dropped: nobody waits for it');
  }

  #sendCancel(server: string, msgId: string): void {
    this.#publishers.calls.publish({
      routingKey: server,
      body: encodeCancel(),
      properties: { type: CANCEL, correlationId: msgId },
      expiration: CANCEL_EXPIRATION,
      retry: 0,
      done: (error) => {
        if (error === undefined) return;
        this.#context.logger.debug({ msgId, reason: error.message }, 'server not told of a cancelled call');
      },
    });
  }

  /**
   * All servers of the topic are asked, or only the one that was called by name, since there may be a thousand others.
   */
  #sendRollCall({ id, queue, waiters: [first] }: RollCall, consumers: number): void {
    const { fanouts, casts } = this.#publishers;
    const { topic, server, namespace = null, version } = first?.target ?? {};
    if (topic === undefined) return;
    const alone = server !== undefined && consumers === 1;
    (alone ? casts : fanouts).publish({
      exchange: alone ? undefined : this.#context.topology.fanoutExchange(topic),
      routingKey: alone ? queue : '',
      body: encodeRollCall(queue, uniqueId(), { namespace, version }),
      properties: { type: ROLL_CALL, correlationId: id, replyTo: this.#replyQueue.name },
      expiration: ROLL_CALL_EXPIRATION,
      retry: 0,
      done: (error) => {
        if (error === undefined) return;
        this.#context.logger.debug({ queue, reason: error.message }, 'servers not asked for calls');
      },
    });
  }
}
