import { Roster } from '../../collections.ts';
import { InvalidTarget, MessageDeliveryFailure, MessageUndeliverable, Overloaded } from '../../errors.ts';
import type { Target } from '../../target.ts';
import { parseTransportUrl, type TransportUrl } from '../../transport-url.ts';
import type {
  Driver,
  DriverContext,
  IncomingMessage,
  Listener,
  ListenOptions,
  Reply,
  Request,
  SendOptions,
} from '../driver.ts';
import { type DeadLetter, MemoryBus } from './memory-bus.ts';
import { MemoryConsumer } from './memory-consumer.ts';
import type { MemoryNotifications } from './memory-notifications.ts';
import type { Delivery, MemoryQueue } from './memory-queue.ts';
import { PendingCall } from './pending-call.ts';

const DEFAULT_DELIVERY_LIMIT = 5;

/**
 * The dead letters of a topic on a memory bus, oldest first: casts to servers with ackPolicy `after` that have failed
 * too often. (On RabbitMQ they are in the queue `<topic>_dead_letters`.)
 *
 * @param url as given to `getTransport`; the bus lives as long as one of its transports
 */
export function memoryDeadLetters(url: string, topic: string): readonly DeadLetter[] {
  return MemoryBus.find(busName(parseTransportUrl(url)))?.deadLetters(topic) ?? [];
}

function busName(url: TransportUrl): string {
  return url.hosts[0]?.hostname ?? '';
}

/**
 * RPC within one process: every message goes through JSON, as it would on a wire. The transports of a process whose URLs
 * (`memory://<bus>/`) have the same host share one bus.
 */
export class MemoryDriver implements Driver {
  /** Set by the module that loads notifications, which a process with RPC only does not load. */
  static newNotifications: ((busName: string, context: DriverContext) => MemoryNotifications) | undefined;
  #notifications: MemoryNotifications | undefined;
  readonly #busName: string;
  readonly #context: DriverContext;
  #bus: MemoryBus | undefined;
  #closed = false;
  readonly #calls = new Roster<PendingCall>();
  readonly #consumers = new Set<MemoryConsumer>();

  constructor(url: TransportUrl, context: DriverContext) {
    this.#busName = busName(url);
    this.#context = context;
  }

  get notifications(): MemoryNotifications | undefined {
    if (this.#notifications === undefined) {
      this.#notifications = MemoryDriver.newNotifications?.(this.#busName, this.#context);
      if (this.#closed) this.#notifications?.close();
    }
    return this.#notifications;
  }

  async send(target: Target, request: Request, options: SendOptions): Promise<Reply | undefined> {
    const bus = this.#joinBus();
    const queues = this.#queuesOf(bus, target, options);
    for (const queue of queues) this.#checkRoom(queue);
    // First: a hook may have added to the context what JSON cannot carry.
    const text = JSON.stringify(request);
    const { method } = request.message;
    const call = options.waitForReply ? new PendingCall(target, method, options, this.#calls) : undefined;
    const delivery: Delivery = {
      text,
      call,
      sentAt: performance.now(),
      attempt: 1,
    };
    for (const queue of queues) {
      call?.waitsIn(queue);
      queue.push(delivery);
      queue.wake();
    }
    return call?.reply;
  }

  async listen(
    target: Target,
    onMessage: (incoming: IncomingMessage) => void,
    { prefetch = 0, ackPolicy = 'before', deliveryLimit = DEFAULT_DELIVERY_LIMIT }: ListenOptions = {},
  ): Promise<Listener> {
    const bus = this.#joinBus();
    const { topic } = target;
    if (topic === undefined) throw new InvalidTarget('A server needs a topic', target);
    const topicName = this.#queueName(target.with({ server: null }));
    const consumer: MemoryConsumer = new MemoryConsumer([topicName, this.#queueName(target)], topicName, {
      context: this.#context,
      bus,
      topic,
      prefetch,
      ackPolicy,
      deliveryLimit,
      onMessage,
      onEnded: () => this.#consumers.delete(consumer),
    });
    this.#consumers.add(consumer);
    return { stop: async () => consumer.stop() };
  }

  async ready(): Promise<void> {
    this.#joinBus();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#notifications?.close();
    for (const consumer of this.#consumers) consumer.close();
    this.#consumers.clear();
    for (const call of this.#calls.items()) call.fail(new MessageDeliveryFailure('The transport was closed'));
    if (this.#bus === undefined) return;
    this.#bus.leave();
    this.#bus = undefined;
    this.#context.onEvent?.({ type: 'disconnected', data: { bus: this.#busName } });
  }

  #joinBus(): MemoryBus {
    if (this.#closed) throw new MessageDeliveryFailure('The transport is closed');
    if (this.#bus === undefined) {
      this.#bus = MemoryBus.join(this.#busName);
      this.#context.onEvent?.({ type: 'connected', data: { bus: this.#busName } });
    }
    return this.#bus;
  }

  /** Where a message goes: for a call, one queue; for a fanout, as many as there are servers. */
  #queuesOf(bus: MemoryBus, target: Target, options: SendOptions): readonly MemoryQueue[] {
    if (target.fanout) return bus.fanoutQueues(this.#queueName(target));
    const name = this.#queueName(target);
    const mayWait = !options.waitForReply || options.failUndeliverable === false;
    if (!mayWait && !bus.isDeclared(name)) throw this.#undeliverable(target);
    return [bus.queue(name)];
  }

  #undeliverable({ exchange = this.#context.controlExchange, topic, server }: Target): MessageUndeliverable {
    const routingKey = server === undefined ? `${topic}` : `${topic}.${server}`;
    this.#context.onEvent?.({ type: 'returned', data: { exchange, routingKey } });
    return new MessageUndeliverable({ exchange, routingKey });
  }

  #checkRoom(queue: MemoryQueue): void {
    const limit = this.#context.limits.queueMessages;
    if (queue.isFull(limit)) throw new Overloaded({ what: queue.name, limit, unit: 'messages' });
  }

  #queueName({ exchange = this.#context.controlExchange, topic, server, fanout }: Target): string {
    return server === undefined || fanout ? `${exchange}/${topic}` : `${exchange}/${topic}.${server}`;
  }
}
