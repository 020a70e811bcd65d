import { MessageDeliveryFailure } from '../../../errors.ts';
import type { Target } from '../../../target.ts';
import type { Reply, Request, SendOptions } from '../../driver.ts';
import { QueueConsumer } from '../consume/consumer.ts';
import { type Delivery, openOrLog } from '../consume/delivery.ts';
import { Outbox } from '../publish/publication.ts';
import { ReturnedMessages } from '../publish/returned-messages.ts';
import type { RabbitContext } from '../rabbit-driver.ts';
import type { QueueSpec } from '../topology/topology.ts';
import { decodeReply, encodeCancel, encodeRequest, encodeRollCall, uniqueId } from '../wire/wire-message.ts';
import { CANCEL, ROLL_CALL } from '../wire/wire-properties.ts';
import { AbandonedCalls } from './abandoned-calls.ts';
import { Destinations, ReturnGrace } from './destinations.ts';
import { OutgoingCall, OutgoingCast, type Publishers, type RequestTools } from './outgoing-requests.ts';
import { ReplyWaiters } from './reply-waiters.ts';
import { type RollCall, ServerWatch } from './server-watch.ts';

/** For how long (ms) a cancel message may wait for a server that is busy. */
const CANCEL_EXPIRATION = 60_000;
/** For so long (ms) a roll call is worth an answer. */
const ROLL_CALL_EXPIRATION = 10_000;

/** The sending side: calls and casts, and the replies to the calls. */
export class RequestClient {
  readonly #context: RabbitContext;
  readonly #destinations: Destinations;
  /** The only reply queue. It keeps its name, so that replies to calls under way still arrive. */
  readonly #replyQueue: QueueSpec;
  readonly #replies: QueueConsumer;
  readonly #watch: ServerWatch;
  readonly #tools: RequestTools;
  #leaveQueue = false;

  constructor(context: RabbitContext, publishers: Publishers) {
    const { connection, controlExchange, limits, topology } = context;
    this.#context = context;
    this.#destinations = new Destinations(controlExchange, topology);
    this.#replyQueue = topology.replyQueue(uniqueId());
    this.#replies = new QueueConsumer(context, {
      connection,
      name: this.#replyQueue.name,
      queues: [this.#replyQueue],
      // Replies are handed over at once: a limit could only delay them.
      prefetch: 0,
      onDelivery: (delivery) => this.#receive(delivery),
    });
    this.#watch = new ServerWatch(context, this.#replies, (roll, consumers) =>
      this.#sendRollCall(roll, consumers),
    );
    this.#tools = {
      publishers,
      outbox: new Outbox(limits.outboxBytes),
      returned: new ReturnedMessages(publishers.casts, context),
      grace: new ReturnGrace(connection),
      waiters: new ReplyWaiters((waiters) => this.#watch.doubt(waiters)),
      abandoned: new AbandonedCalls((server, msgId) => this.#sendCancel(server, msgId)),
      replies: this.#replies,
    };
    this.#replies.channel.on('ready', () => {
      this.#tools.waiters.restartSilences();
      publishers.calls.flush();
      // The requests that came back are tried again there.
      publishers.casts.flush();
    });
  }

  /** Resolves once the broker has taken responsibility. */
  cast(target: Target, request: Request, options: SendOptions): Promise<undefined> {
    return new Promise((resolve, reject) => {
      const destination = this.#destinations.of(target);
      const body = encodeRequest(request, uniqueId());
      const parts = { target, destination, options, body, resolve: () => resolve(undefined), reject };
      new OutgoingCast(parts, this.#tools).send();
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
      this.#replies.channel.start();
      call.send();
    });
  }

  /** Fails the calls under way, and tells the servers that are known to run them. The publishers are open still. */
  failCalls(): void {
    // A queue to which a server may still reply is left to expire: a reply without a queue would be retried.
    const { waiters } = this.#tools;
    this.#leaveQueue = waiters.size > 0;
    waiters.failAll(new MessageDeliveryFailure('The transport was closed before the reply came'));
  }

  /** To be called after `failCalls`, when the publishers are closed. */
  async close(): Promise<void> {
    this.#tools.returned.close();
    await this.#replies.stop(!this.#leaveQueue);
  }

  #receive(delivery: Delivery): void {
    const { logger } = this.#context;
    const { waiters, abandoned } = this.#tools;
    const reply = openOrLog(decodeReply, delivery, logger);
    if (reply === undefined) return;
    // The queue by which the sender can be reached, if it names one.
    const { replyTo }: { replyTo?: unknown } = delivery.message.properties;
    const server = typeof replyTo === 'string' && replyTo !== '' ? replyTo : undefined;
    if (waiters.deliver(reply, server)) return;
    const { msgId, ending } = reply;
    if (server !== undefined && this.#watch.answered(msgId, server)) return;
    if (ending) abandoned.delete(msgId);
    else if (server !== undefined) abandoned.heardOf(msgId, server);
    logger.debug({ queue: this.#replyQueue.name, msgId }, 'reply dropped: nobody waits for it');
  }

  #sendCancel(server: string, msgId: string): void {
    this.#tools.publishers.calls.publish({
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

  /** All servers of the topic are asked, or only the one that was called by name: there may be a thousand others. */
  #sendRollCall({ id, queue, waiters: [first] }: RollCall, consumers: number): void {
    const { fanouts, casts } = this.#tools.publishers;
    const { topic, server, namespace, version } = first?.options.target ?? {};
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
