import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TransportEvent } from '../../hooks.ts';
import type { JsonObject, JsonValue } from '../../json.ts';
import { reasonText } from '../../logger.ts';
import type { AckPolicy, DriverContext, IncomingMessage, Reply, Request, RpcMessage } from '../driver.ts';
import type { MemoryBus, Subscription } from './memory-bus.ts';
import type { Consumer, Delivery, MemoryQueue } from './memory-queue.ts';
import type { PendingCall } from './pending-call.ts';

/** Milliseconds before a cast that failed is tried again; doubled for each further time, up to the maximum. */
const RETRY_DELAY = 100;
const MAX_RETRY_DELAY = 10_000;

export interface MemoryConsumerOptions {
  context: DriverContext;
  bus: MemoryBus;
  topic: string;
  /** How many requests run at once; 0: no limit. */
  prefetch: number;
  ackPolicy: AckPolicy;
  deliveryLimit: number;
  onMessage(incoming: IncomingMessage): void;
  /** It takes no more requests, and none of them runs. */
  onEnded(): void;
}

/** One server's share of its queues: what it runs now, and what becomes of it. */
export class MemoryConsumer implements Consumer<Delivery> {
  /** Whether what it runs can still be answered. */
  isOpen = true;
  readonly #options: MemoryConsumerOptions;
  readonly #subscription: Subscription;
  /** The requests that are not acknowledged, with ackPolicy `after`. */
  readonly #unacknowledged = new Map<Delivery, MemoryQueue>();
  #running = 0;
  #bytes = 0;
  /** Whether a queue has found no room here. */
  #missed = false;
  #stopped = false;

  /** @param queueNames consumed from now on */
  constructor(queueNames: readonly string[], topicName: string, options: MemoryConsumerOptions) {
    this.#options = options;
    this.#subscription = options.bus.subscribe(queueNames, topicName, this);
  }

  hasRoom(bytes: number): boolean {
    const { prefetch, context } = this.#options;
    const fits = this.#bytes + bytes <= context.limits.intakeBytes;
    // A larger one runs alone.
    const hasRoom = this.#running === 0 || ((prefetch === 0 || this.#running < prefetch) && fits);
    if (!hasRoom) this.#missed = true;
    return hasRoom;
  }

  take(delivery: Delivery, queue: MemoryQueue): void {
    this.#running += 1;
    this.#bytes += delivery.text.length;
    delivery.call?.takenBy(this);
    if (this.#options.ackPolicy === 'after') this.#unacknowledged.set(delivery, queue);
    this.#options.onMessage(new MemoryIncoming(delivery, queue, this));
  }

  /** Takes no more; what runs goes on. Idempotent. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#subscription.end();
    this.#endIfIdle();
  }

  /** As when a process dies: nothing more is sent, and unacknowledged requests are delivered again. */
  close(): void {
    this.stop();
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const [delivery, queue] of [...this.#unacknowledged].reverse()) {
      delivery.call?.waitsIn(queue);
      queue.putBack([delivery]);
      queue.wake();
    }
    this.#unacknowledged.clear();
  }

  /** It has run. */
  finish(delivery: Delivery, queue: MemoryQueue, failure: unknown): void {
    if (this.#unacknowledged.delete(delivery) && failure !== undefined && delivery.call === undefined) {
      this.#tryAgain(delivery, queue, failure);
    }
    this.#leave(delivery);
  }

  /** Whether it will be delivered again; it then has finished here. */
  giveBack(delivery: Delivery, queue: MemoryQueue, reason: unknown): boolean {
    const { call, attempt } = delivery;
    if (call?.settled || attempt >= this.#options.deliveryLimit) return false;
    if (!this.#unacknowledged.delete(delivery)) return false;
    call?.waitsIn(queue);
    this.#tryAgain(delivery, queue, reason);
    this.#leave(delivery);
    return true;
  }

  /** Its place is free. */
  #leave({ text }: Delivery): void {
    this.#running -= 1;
    this.#bytes -= text.length;
    this.#endIfIdle();
    if (!this.#missed) return;
    this.#missed = false;
    for (const waiting of this.#subscription.queues) waiting.wake();
  }

  #endIfIdle(): void {
    if (this.#stopped && this.#running === 0) this.#options.onEnded();
  }

  #tryAgain(delivery: Delivery, queue: MemoryQueue, failure: unknown): void {
    const { deliveryLimit } = this.#options;
    const { attempt } = delivery;
    if (attempt >= deliveryLimit) {
      this.#bury(delivery, failure);
      return;
    }
    this.#tell('retried', { queue: queue.name, attempt, reason: reasonText(failure) });
    const again = { ...delivery, attempt: attempt + 1 };
    const delay = Math.min(RETRY_DELAY * 2 ** (attempt - 1), MAX_RETRY_DELAY);
    setTimeout(() => {
      queue.push(again);
      queue.wake();
    }, delay).unref();
  }

  #bury({ text, attempt }: Delivery, failure: unknown): void {
    const { bus, topic, context } = this.#options;
    const { ctxt, message } = JSON.parse(text) as Request;
    const reason = reasonText(failure);
    bus.bury(topic, { ctxt, message, reason, attempts: attempt, at: new Date().toISOString() });
    const data = { topic, method: message.method, attempts: attempt, reason };
    context.logger.error(data, 'A cast has failed too often and is a dead letter now');
    this.#tell('dead_lettered', data);
  }

  #tell(type: TransportEvent['type'], data: TransportEvent['data']): void {
    this.#options.context.onEvent?.({ type, data });
  }
}

/** A request as its server sees it: a copy, made from its JSON text. */
class MemoryIncoming implements IncomingMessage {
  readonly ctxt: JsonObject;
  readonly message: RpcMessage;
  readonly queueWait: number;
  readonly attempt: number;
  readonly #delivery: Delivery;
  readonly #queue: MemoryQueue;
  readonly #consumer: MemoryConsumer;
  #results = 0;
  #done = false;

  constructor(delivery: Delivery, queue: MemoryQueue, consumer: MemoryConsumer) {
    const request = JSON.parse(delivery.text) as Request;
    this.ctxt = request.ctxt;
    this.message = request.message;
    this.queueWait = performance.now() - delivery.sentAt;
    this.attempt = delivery.attempt;
    this.#delivery = delivery;
    this.#queue = queue;
    this.#consumer = consumer;
  }

  get expectsReply(): boolean {
    return this.#call !== undefined;
  }

  get callMonitorTimeout(): number | null {
    return this.#call?.options.callMonitorTimeout ?? null;
  }

  get deadline(): number | null {
    if (this.#call === undefined) return null;
    // A caller that has given up before is past its deadline, whichever of the two timers was first.
    if (this.#call.settled) return this.#delivery.sentAt;
    const { timeout } = this.#call.options;
    return timeout === undefined ? null : this.#delivery.sentAt + timeout * 1000;
  }

  onCancelled(listener: () => void): void {
    this.#call?.onCancelled(listener);
  }

  async reply(reply: Reply, onLost?: () => void): Promise<void> {
    if (this.#call === undefined) return;
    if (!this.#isOpen || this.#call.settled) {
      onLost?.();
      return;
    }
    this.#call.succeed({ ...reply, result: copyOf(reply.result) });
  }

  async sendResult(result: JsonValue): Promise<void> {
    if (this.#isOpen) this.#call?.result(copyOf(result), this.#results);
    this.#results += 1;
    // Others get their turn, however fast the results come.
    await nextTurn();
  }

  async heartbeat(): Promise<void> {
    if (this.#isOpen) this.#call?.heartbeat();
  }

  done(failure?: unknown): void {
    if (this.#done) return;
    this.#done = true;
    this.#consumer.finish(this.#delivery, this.#queue, failure);
  }

  giveBack(reason: unknown): boolean {
    if (this.#done || !this.#consumer.giveBack(this.#delivery, this.#queue, reason)) return false;
    this.#done = true;
    return true;
  }

  get #call(): PendingCall | undefined {
    return this.#delivery.call;
  }

  /** Whether it can still send. */
  get #isOpen(): boolean {
    return !this.#done && this.#consumer.isOpen;
  }
}

function copyOf(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value ?? null)) as JsonValue;
}
