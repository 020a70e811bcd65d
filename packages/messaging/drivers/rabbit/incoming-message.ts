import type { JsonObject } from '../../json.ts';
import type { IncomingMessage, Reply, RpcMessage } from '../driver.ts';
import type { ReplySender } from './reply-sender.ts';
import { uniqueId } from './unique-id.ts';
import { type CallFields, encodeReply, type WireRequest } from './wire-message.ts';

const SIGN_OF_LIFE: Reply = { result: null, failure: null };

/** A request that was delivered and acknowledged. */
export class RabbitIncomingMessage implements IncomingMessage {
  readonly ctxt: JsonObject;
  readonly message: RpcMessage;
  readonly #call: CallFields | undefined;
  readonly #replies: ReplySender;
  #answered = false;

  constructor(request: WireRequest, replies: ReplySender) {
    this.ctxt = request.ctxt;
    this.message = request.message;
    this.#call = request.call;
    this.#replies = replies;
  }

  get expectsReply(): boolean {
    return this.#call !== undefined;
  }

  get callMonitorTimeout(): number | null {
    return this.#call?.callMonitorTimeout ?? null;
  }

  async reply(reply: Reply): Promise<void> {
    if (this.#call === undefined || this.#answered) return;
    this.#answered = true;
    const { msgId, replyQueue } = this.#call;
    await this.#replies.send(replyQueue, encodeReply(msgId, uniqueId(), reply, true));
  }

  async heartbeat(): Promise<void> {
    if (this.#call === undefined || this.#answered) return;
    const { msgId, replyQueue } = this.#call;
    await this.#replies.sendNow(replyQueue, encodeReply(msgId, uniqueId(), SIGN_OF_LIFE, false));
  }
}
