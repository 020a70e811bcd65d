import { Fifo } from '@mini-nova/event-loop';
import { DuplicateFilter } from '../../../collections.ts';
import { HeldNotification, type IncomingNotification } from '../../notification-driver.ts';
import type { BrokerConnection } from '../connection/connection.ts';
import { QueueConsumer } from '../consume/consumer.ts';
import { acknowledgeDelivery, type Delivery, openOrLog } from '../consume/delivery.ts';
import { ConnectedListener } from '../consume/start-and-stop.ts';
import type { RabbitContext } from '../rabbit-driver.ts';
import type { QueueSpec } from '../topology/topology.ts';
import { decodeNotification, requeueDelivery, type WireNotification } from './incoming-notification.ts';

export interface NotificationListenerOptions {
  /** The listener's own: closed with it. */
  connection: BrokerConnection;
  queues: readonly QueueSpec[];
  /** How many notifications may be held; 0: no limit. */
  prefetch: number;
  onNotification(incoming: IncomingNotification): void;
  /** Nothing is held any more, and the connection is closed. */
  onReleased(): void;
}

/** Consumes notifications over a connection of its own, each acknowledged when its receiver says so. */
export class NotificationListener extends ConnectedListener {
  protected readonly title = 'the consumers of notifications';
  protected readonly connection: BrokerConnection;
  protected readonly consumer: QueueConsumer;
  readonly #context: RabbitContext;
  readonly #options: NotificationListenerOptions;
  /** Handed over, and not settled. */
  readonly #held = new Set<HeldNotification>();
  /** Of what is held, by id: the same may come again meanwhile, when the channel that it came by first has closed. */
  readonly #deliveries = new Map<string, Delivery[]>();
  /** Delivered beyond the prefetch, which the broker counts for each queue by itself. */
  readonly #waiting = new Fifo<Delivery>();
  /** What was handled and may come again, because its acknowledgement was lost with the channel. */
  readonly #handled = new DuplicateFilter();

  constructor(context: RabbitContext, options: NotificationListenerOptions) {
    super();
    this.#context = context;
    this.#options = options;
    const { connection, queues, prefetch } = options;
    this.connection = connection;
    this.consumer = new QueueConsumer(context, {
      connection,
      queues,
      prefetch,
      onBatch: (batch) => {
        for (const delivery of batch) this.#receive(delivery);
      },
    });
    // The broker delivers again what was not acknowledged.
    this.consumer.channel.on('lost', () => {
      if (!this.stopping) this.#waiting.clear();
    });
  }

  /** What is held can still be acknowledged: the connection is kept until then. */
  protected async cancel(): Promise<void> {
    await this.consumer.stop(false);
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      requeueDelivery(next);
    }
    for (const incoming of this.#held) incoming.hurry();
    if (this.#held.size === 0) await this.release();
  }

  protected async closeConnection(): Promise<void> {
    await this.consumer.finish();
    await this.connection.close();
    this.#options.onReleased();
  }

  #receive(delivery: Delivery): void {
    const wire = openOrLog(decodeNotification, delivery, this.#context.logger);
    if (wire === undefined || (wire.uniqueId !== undefined && this.#handled.has(wire.uniqueId))) {
      acknowledgeDelivery(delivery);
      return;
    }
    const inHand = wire.uniqueId === undefined ? undefined : this.#deliveries.get(wire.uniqueId);
    if (inHand !== undefined) inHand.push(delivery);
    else if (this.#isFull) this.#waiting.push(delivery);
    else this.#handOver(wire, delivery);
  }

  #handOver(wire: WireNotification, delivery: Delivery): void {
    const deliveries = [delivery];
    const incoming: HeldNotification = new HeldNotification(wire, {
      redelivered: () => deliveries.some(({ message }) => message.fields.redelivered),
      end: (handled) => {
        deliveries.forEach(handled ? acknowledgeDelivery : requeueDelivery);
        this.#held.delete(incoming);
        this.#onEnd(wire.uniqueId, handled);
      },
    });
    this.#held.add(incoming);
    if (wire.uniqueId !== undefined) this.#deliveries.set(wire.uniqueId, deliveries);
    this.#options.onNotification(incoming);
  }

  #onEnd(uniqueId: string | undefined, handled: boolean): void {
    if (uniqueId !== undefined) {
      this.#deliveries.delete(uniqueId);
      if (handled) this.#handled.add(uniqueId);
    }
    if (!this.stopping) this.#takeNext();
    else {
      void this.stop().then(() => {
        if (this.#held.size === 0) void this.release();
      });
    }
  }

  #takeNext(): void {
    while (!this.#isFull) {
      const delivery = this.#waiting.shift();
      if (delivery === undefined) return;
      this.#receive(delivery);
    }
  }

  get #isFull(): boolean {
    const { prefetch } = this.#options;
    return prefetch > 0 && this.#held.size >= prefetch;
  }
}
