import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JsonObject, JsonValue } from '../../json.ts';
import type { IncomingMessage, Reply, Request, RpcMessage } from '../driver.ts';
import type { Delivery } from './memory-queue.ts';
import type { PendingCall } from './pending-call.ts';

/** The server's side of a delivery. */
export interface Lease {
  /** Whether the server's transport can still send. */
  isOpen(): boolean;
  finish(failure: unknown): void;
  /** Whether it will be delivered again; it then has finished here. */
  giveBack(reason: unknown): boolean;
}

/** A request as its server sees it: a copy, made from its JSON text. */
export class MemoryIncoming implements IncomingMessage {
  readonly ctxt: JsonObject;
  readonly message: RpcMessage;
  readonly queueWait: number;
  readonly attempt: number;
  readonly #sentAt: number;
  readonly #call: PendingCall | undefined;
  readonly #lease: Lease;
  #results = 0;
  #done = false;

  constructor({ text, call, sentAt, attempt }: Delivery, lease: Lease) {
    const request = JSON.parse(text) as Request;
    this.ctxt = request.ctxt;
    this.message = request.message;
    this.queueWait = performance.now() - sentAt;
    this.attempt = attempt;
    this.#sentAt = sentAt;
    this.#call = call;
    this.#lease = lease;
  }

  get expectsReply(): boolean {
    return this.#call !== undefined;
  }

  get callMonitorTimeout(): number | null {
    return this.#call?.callMonitorTimeout ?? null;
  }

  get deadline(): number | null {
    if (this.#call === undefined) return null;
    // A caller that has given up before is past its deadline, whichever of the two timers was first.
    if (this.#call.settled) return this.#sentAt;
    return this.#call.timeout === undefined ? null : this.#sentAt + this.#call.timeout * 1000;
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
    // Others have their turn, however fast the results come.
    await nextTurn();
  }

  async heartbeat(): Promise<void> {
    if (this.#isOpen) this.#call?.heartbeat();
  }

  done(failure?: unknown): void {
    if (this.#done) return;
    this.#done = true;
    this.#lease.finish(failure);
  }

  giveBack(reason: unknown): boolean {
    if (this.#done || !this.#lease.giveBack(reason)) return false;
    this.#done = true;
    return true;
  }

  /** Whether it can still send. */
  get #isOpen(): boolean {
    return !this.#done && this.#lease.isOpen();
  }
}

function copyOf(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value ?? null)) as JsonValue;
}
