import { type Consumer, type Delivery, MemoryQueue } from './memory-queue.ts';

/** How many messages a queue without a consumer keeps. */
const QUEUE_LIMIT = 10_000;

const buses = new Map<string, MemoryBus>();

/** What a broker is to processes, within one process: named queues, and fanout to all servers of a topic. */
export class MemoryBus {
  readonly #name: string;
  #members = 0;
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #fanouts = new Map<string, Set<MemoryQueue>>();
  readonly #ready = new Set<MemoryQueue>();
  #scheduled = false;

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

  /** With its last member the bus goes, and with it all that waits in its queues. */
  leave(): void {
    this.#members -= 1;
    if (this.#members === 0) buses.delete(this.#name);
  }

  /** False when nobody consumes the queue and it is full. */
  publish(queueName: string, delivery: Delivery): boolean {
    const queue = this.#queue(queueName);
    const accepted = queue.push(delivery);
    if (accepted) this.#schedule(queue);
    return accepted;
  }

  /** To every server of the topic; to nobody when there is none. */
  publishFanout(topicName: string, delivery: Delivery): void {
    for (const queue of this.#fanouts.get(topicName) ?? []) {
      queue.push(delivery);
      this.#schedule(queue);
    }
  }

  /** Consumes named queues and the topic's fanout until the returned function is called. */
  subscribe(queueNames: readonly string[], topicName: string, consumer: Consumer): () => void {
    for (const name of queueNames) {
      const queue = this.#queue(name);
      queue.addConsumer(consumer);
      this.#schedule(queue);
    }
    const fanout = this.#addFanout(topicName, consumer);
    return () => {
      for (const name of queueNames) this.#removeConsumer(name, consumer);
      fanout.deliver();
      this.#removeFanout(topicName, fanout);
    };
  }

  #queue(name: string): MemoryQueue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new MemoryQueue(QUEUE_LIMIT);
      this.#queues.set(name, queue);
    }
    return queue;
  }

  #removeConsumer(name: string, consumer: Consumer): void {
    const queue = this.#queue(name);
    queue.removeConsumer(consumer);
    if (queue.idle) this.#queues.delete(name);
  }

  #addFanout(topicName: string, consumer: Consumer): MemoryQueue {
    const queue = new MemoryQueue(QUEUE_LIMIT);
    queue.addConsumer(consumer);
    const queues = this.#fanouts.get(topicName) ?? new Set();
    this.#fanouts.set(topicName, queues.add(queue));
    return queue;
  }

  #removeFanout(topicName: string, queue: MemoryQueue): void {
    const queues = this.#fanouts.get(topicName);
    queues?.delete(queue);
    if (queues?.size === 0) this.#fanouts.delete(topicName);
  }

  /**
   * Messages are handed over in batches, once per turn of the event loop: as far apart from the sender as on a
   * broker, and without keeping timers and sockets from their turn.
   */
  #schedule(queue: MemoryQueue): void {
    this.#ready.add(queue);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    const queues = [...this.#ready];
    this.#ready.clear();
    for (const queue of queues) queue.deliver();
  }
}
