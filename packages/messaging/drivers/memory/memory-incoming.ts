import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JsonObject, JsonValue } from '../../json.ts';
import type { IncomingMessage, Reply, Request, RpcMessage } from '../driver.ts';
import type { MemoryConsumer } from './memory-consumer.ts';
import type { Delivery, MemoryQueue } from './memory-queue.ts';
import type { PendingCall } from './pending-call.ts';

/** A request as its server sees it: a copy, made from its JSON text. */
export class MemoryIncoming implements IncomingMessage {
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
