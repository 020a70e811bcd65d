import { Overloaded } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { RpcMessage } from '../driver.ts';
import type { MemoryConsumer } from './memory-consumer.ts';
import { MemoryQueue } from './memory-queue.ts';

/** How many dead letters of a topic are kept; the oldest go first. */
const MAX_LETTERS = 1_000;

/** A cast whose method failed as often as its server's `deliveryLimit` says. */
export interface DeadLetter {
  ctxt: JsonObject;
  message: RpcMessage;
  /** The last failure. */
  reason: string;
  /** How often it was tried. */
  attempts: number;
  /** ISO 8601. */
  at: string;
}

/** A notification in a queue or held by a consumer. */
export interface StoredNotification {
  /** Context and message as JSON text. */
  readonly text: string;
  /** It has been delivered before. */
  redelivered: boolean;
}

export type NotificationQueue = MemoryQueue<StoredNotification>;

/** The queues of notifications of one bus, and what is bound to them. */
class NotificationQueues {
  readonly #queues = new Map<string, NotificationQueue>();
  /** By exchange and routing key. */
  readonly #bindings = new Map<string, Set<NotificationQueue>>();

  /**
   * To the queue of the key's own name, whether somebody consumes it or not, and to all others bound to the key.
   * @param limit how many may wait in one queue, also for a listener that has room for all of them: its sender may be
   *   faster
   * @throws Overloaded when one of them is full
   */
  publish(exchange: string, key: string, text: string, limit: number): void {
    this.bind(key, exchange, key);
    const queues = this.#bound(exchange, key);
    for (const queue of queues) {
      if (queue.size >= limit) throw new Overloaded({ what: `queue ${queue.name}`, limit, unit: 'messages' });
    }
    for (const queue of queues) {
      queue.push({ text, redelivered: false });
      queue.wake();
    }
  }

  /** The queue of a name, bound to the key. */
  bind(queueName: string, exchange: string, key: string): NotificationQueue {
    const queue = this.#queues.get(queueName) ?? new MemoryQueue<StoredNotification>(queueName);
    this.#queues.set(queueName, queue);
    this.#bound(exchange, key).add(queue);
    return queue;
  }

  #bound(exchange: string, key: string): Set<NotificationQueue> {
    const binding = `${exchange}/${key}`;
    const queues = this.#bindings.get(binding) ?? new Set();
    this.#bindings.set(binding, queues);
    return queues;
  }
}

const buses = new Map<string, MemoryBus>();

/** A broker within one process: named queues, and fanout to all servers of a topic. */
export class MemoryBus {
  readonly notifications = new NotificationQueues();
  readonly #name: string;
  #members = 0;
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #fanouts = new Map<string, Set<MemoryQueue>>();
  /** By topic. */
  readonly #deadLetters = new Map<string, DeadLetter[]>();

  private constructor(name: string) {
    this.#name = name;
  }

  /** The bus of a name, made when first joined. Each join needs a `leave`. */
  static join(name: string): MemoryBus {
    const bus = buses.get(name) ?? new MemoryBus(name);
    buses.set(name, bus);
    bus.#members += 1;
    return bus;
  }

  /** The bus of a name, if anybody has joined it. */
  static find(name: string): MemoryBus | undefined {
    return buses.get(name);
  }

  /** The bus goes with its last member, and with it everything that waits in its queues. */
  leave(): void {
    this.#members -= 1;
    if (this.#members === 0) buses.delete(this.#name);
  }

  /** Whether a server has ever consumed the queue. */
  isDeclared(name: string): boolean {
    return this.#queues.get(name)?.declared ?? false;
  }

  /** The queue of a name, made when first asked for. */
  queue(name: string): MemoryQueue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new MemoryQueue(name);
      this.#queues.set(name, queue);
    }
    return queue;
  }

  /** One queue for each server of the topic. */
  fanoutQueues(topicName: string): readonly MemoryQueue[] {
    return [...(this.#fanouts.get(topicName) ?? [])];
  }

  /** Consumes named queues and the topic's fanout until the returned function is called. */
  subscribe(queueNames: readonly string[], topicName: string, consumer: MemoryConsumer): Subscription {
    const named = queueNames.map((name) => this.queue(name));
    const fanout = this.#addFanout(topicName);
    const queues = [...named, fanout];
    for (const queue of queues) {
      queue.addConsumer(consumer);
      queue.wake();
    }
    const end = (): void => {
      for (const queue of named) queue.removeConsumer(consumer);
      fanout.deliver();
      fanout.removeConsumer(consumer);
      this.#removeFanout(topicName, fanout);
    };
    return { queues, end };
  }

  bury(topic: string, letter: DeadLetter): void {
    const letters = this.#deadLetters.get(topic) ?? [];
    this.#deadLetters.set(topic, letters);
    letters.push(letter);
    if (letters.length > MAX_LETTERS) letters.shift();
  }

  deadLetters(topic: string): readonly DeadLetter[] {
    return [...(this.#deadLetters.get(topic) ?? [])];
  }

  #addFanout(topicName: string): MemoryQueue {
    const queue = new MemoryQueue(`${topicName}_fanout`);
    const queues = this.#fanouts.get(topicName) ?? new Set();
    this.#fanouts.set(topicName, queues.add(queue));
    return queue;
  }

  #removeFanout(topicName: string, queue: MemoryQueue): void {
    const queues = this.#fanouts.get(topicName);
    queues?.delete(queue);
    if (queues?.size === 0) this.#fanouts.delete(topicName);
  }
}

export interface Subscription {
  readonly queues: readonly MemoryQueue[];
  end(): void;
}
