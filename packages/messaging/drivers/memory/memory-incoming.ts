import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JsonObject, JsonValue } from '../../json.ts';
import type { IncomingMessage, Reply, Request, RpcMessage } from '../driver.ts';
import type { Delivery } from './delivery.ts';
import type { PendingCall } from './pending-call.ts';

/** The server's side of a delivery. */
export interface Lease {
  /** Whether the server's transport can still send. */
  isOpen(): boolean;
  finish(failure: unknown): void;
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
  #done = false;

  constructor({ text, call, sentAt, attempt }: Delivery, lease: Lease) {
    const request = JSON.parse(text) as Request;
    this.ctxt = request.ctxt;
    this.message = request.message;
    this.queueWait = Math.max(Date.now() - sentAt, 0);
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
    // A caller that has given up before is past its deadline, whatever two clocks say.
    if (this.#call.settled) return this.#sentAt;
    return this.#call.timeout === undefined ? null : this.#sentAt + this.#call.timeout * 1000;
  }

  onCancelled(listener: () => void): void {
    this.#call?.onCancelled(listener);
  }

  async reply(reply: Reply): Promise<void> {
    if (this.#call === undefined || !this.#lease.isOpen()) return;
    this.#call.succeed({ ...reply, result: copyOf(reply.result) });
  }

  async sendResult(result: JsonValue): Promise<void> {
    if (this.#call !== undefined && this.#lease.isOpen()) this.#call.result(copyOf(result));
    // Others have their turn, however fast the results come.
    await nextTurn();
  }

  async heartbeat(): Promise<void> {
    if (this.#lease.isOpen()) this.#call?.heartbeat();
  }

  done(failure?: unknown): void {
    if (this.#done) return;
    this.#done = true;
    this.#lease.finish(failure);
  }
}

function copyOf(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value ?? null)) as JsonValue;
}
