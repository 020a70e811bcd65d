import type { RosterEntry } from '../../../collections.ts';
import { type MessageTooLarge, ReplyTooLarge } from '../../../errors.ts';
import { serializeFailure } from '../../../failure.ts';
import type { JsonObject, JsonValue } from '../../../json.ts';
import { FIRST_SIGN, type IncomingMessage, type Reply, type RpcMessage } from '../../driver.ts';
import type { Delivery } from '../consume/delivery.ts';
import {
  type CallFields,
  encodeReply,
  encodeResult,
  SIGN_OF_LIFE,
  uniqueId,
  type WireRequest,
} from '../wire/wire-message.ts';
import { requestTimes, SENT_AT } from '../wire/wire-properties.ts';
import type { Intake } from './intake.ts';

/** A request that was delivered. */
export class RabbitIncomingMessage implements IncomingMessage {
  readonly ctxt: JsonObject;
  readonly message: RpcMessage;
  readonly deadline: number | null;
  readonly queueWait: number | null;
  /** The id by which a request that comes twice is recognised. */
  readonly uniqueId: string | undefined;
  /** What its caller needs for the answer; undefined for a cast. */
  readonly call: CallFields | undefined;
  /** Bytes of its body, unpacked. */
  readonly size: number;
  /** The last, when it was delivered again. */
  delivery: Delivery;
  attempt = 1;
  /** By performance.now(): when a caller that still waits is due a sign of life. */
  nextSign = 0;
  isCancelled = false;
  /** On the roster of calls that can be cancelled. */
  place: RosterEntry<RabbitIncomingMessage> | undefined;
  readonly #holder: Intake;
  #onCancelled: (() => void) | undefined;
  #results = 0;
  #answered = false;
  #done = false;

  /** @param arrivedAt by performance.now() */
  constructor(request: WireRequest, delivery: Delivery, arrivedAt: number, holder: Intake) {
    this.ctxt = request.ctxt;
    this.message = request.message;
    this.uniqueId = request.uniqueId;
    this.call = request.call;
    this.#holder = holder;
    this.delivery = delivery;
    this.size = request.size;
    const { deadline, queueWait } = requestTimes(delivery.message.properties, arrivedAt);
    this.deadline = deadline;
    this.queueWait = queueWait;
    this.nextSign = arrivedAt + Math.min(this.signInterval ?? 0, FIRST_SIGN);
  }

  get expectsReply(): boolean {
    return this.call !== undefined;
  }

  get callMonitorTimeout(): number | null {
    return this.call?.callMonitorTimeout ?? null;
  }

  /** Milliseconds between signs of life; undefined when the caller wants none. */
  get signInterval(): number | undefined {
    const timeout = this.call?.callMonitorTimeout ?? 0;
    return timeout > 0 ? timeout * 500 : undefined;
  }

  /**
   * Whether the caller can be sent a null that is not its last result. Peers that know no multicalls take it for a sign
   * of life, and stumble over it unless they have asked for those.
   */
  get #takesNull(): boolean {
    return (
      this.signInterval !== undefined || this.delivery.message.properties.headers?.[SENT_AT] !== undefined
    );
  }

  /** The name of the queue that it came from. */
  get queue(): string {
    return this.delivery.queue.spec.name;
  }

  onCancelled(listener: () => void): void {
    if (this.isCancelled) listener();
    else this.#onCancelled = listener;
  }

  /** The caller has cancelled the call. */
  cancel(): void {
    if (this.isCancelled) return;
    this.isCancelled = true;
    this.#onCancelled?.();
  }

  async reply(reply: Reply, onLost?: () => void): Promise<void> {
    if (this.call === undefined || this.#answered) return;
    const { msgId, replyQueue } = this.call;
    const body = encodeReply(msgId, uniqueId(), reply, true);
    this.#answered = true;
    const { server, acknowledging, running } = this.#holder;
    if (!this.#isWanted) onLost?.();
    const instead = (error: MessageTooLarge): Buffer => this.#tooLarge(msgId, error);
    const options = { instead, alone: running === 1, onLost };
    await server.replies.send(replyQueue, body, acknowledging.confirmsReplies, options);
  }

  async sendResult(result: JsonValue): Promise<void> {
    if (this.call === undefined || this.#answered) return;
    if (result === null && !this.#takesNull) return;
    const { msgId, replyQueue } = this.call;
    const body = encodeResult(msgId, uniqueId(), result, this.#results);
    this.#results += 1;
    const { replies, queues } = this.#holder.server;
    // Nobody takes the results of a caller that has ended.
    const instead = (error: MessageTooLarge): Buffer => {
      // The call ends with it.
      this.#answered = true;
      this.cancel();
      return this.#tooLarge(msgId, error);
    };
    if (!(await replies.sendResult(replyQueue, body, queues.fanout.name, instead))) this.cancel();
  }

  async heartbeat(): Promise<void> {
    if (this.call === undefined || this.#answered) return;
    const { msgId, replyQueue } = this.call;
    const { replies, queues } = this.#holder.server;
    const body = encodeReply(msgId, uniqueId(), SIGN_OF_LIFE, false);
    await replies.sendNow(replyQueue, body, queues.fanout.name);
  }

  done(failure?: unknown): void {
    if (this.#done) return;
    this.#done = true;
    this.#holder.finished(this, failure);
  }

  giveBack(): boolean {
    if (this.#done || this.#answered || !this.#isWanted || !this.#holder.giveBack(this)) return false;
    this.#done = true;
    this.#answered = true;
    return true;
  }

  #tooLarge(msgId: string, { size, limit }: MessageTooLarge): Buffer {
    const error = new ReplyTooLarge({ what: `The reply of ${this.message.method}`, size, limit });
    return encodeReply(msgId, uniqueId(), { result: null, failure: serializeFailure(error) }, true);
  }

  /** Whether its caller, if it has one, has not given up. */
  get #isWanted(): boolean {
    return !this.isCancelled && (this.deadline === null || this.deadline > performance.now());
  }
}
