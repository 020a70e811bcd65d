import type { JsonObject, JsonValue } from '../../json.ts';
import type { IncomingMessage, Reply, Request, RpcMessage } from '../driver.ts';
import type { Delivery } from './memory-queue.ts';
import type { PendingCall } from './pending-call.ts';

/** A request as its server sees it: a copy, made from its JSON text. */
export class MemoryIncoming implements IncomingMessage {
  readonly ctxt: JsonObject;
  readonly message: RpcMessage;
  readonly #call: PendingCall | undefined;
  readonly #isOpen: () => boolean;

  /** @param isOpen whether the server's transport can still send */
  constructor({ text, call }: Delivery, isOpen: () => boolean) {
    this.#isOpen = isOpen;
    const request = JSON.parse(text) as Request;
    this.ctxt = request.ctxt;
    this.message = request.message;
    this.#call = call;
  }

  get expectsReply(): boolean {
    return this.#call !== undefined;
  }

  get callMonitorTimeout(): number | null {
    return this.#call?.callMonitorTimeout ?? null;
  }

  async reply({ result, failure }: Reply): Promise<void> {
    const text = JSON.stringify(result ?? null);
    if (this.#isOpen()) this.#call?.succeed({ result: JSON.parse(text) as JsonValue, failure });
  }

  async heartbeat(): Promise<void> {
    if (this.#isOpen()) this.#call?.heartbeat();
  }
}
