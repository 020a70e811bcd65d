import { IllegalOperationError } from 'amqplib';
import type { JsonObject } from '../../../json.ts';
import {
  type IncomingNotification,
  type OutgoingNotification,
  REQUEUE_PAUSE,
} from '../../notification-driver.ts';
import { acknowledge, type Delivery } from '../consume/delivery.ts';
import { openEnvelope, packMessage, sealEnvelope, unpackMessage } from '../wire/wire-message.ts';

/** A notification as it is on the wire. */
export interface WireNotification {
  ctxt: JsonObject;
  message: JsonObject;
  uniqueId?: string;
}

/** The body: version 2.0 in an envelope, version 1.0 as plain JSON. */
export function encodeNotification(
  { ctxt, message, version }: Pick<OutgoingNotification, 'ctxt' | 'message' | 'version'>,
  uniqueId: string,
): Buffer {
  const flat = packMessage({ payload: message, ctxt, uniqueId });
  return version === '2.0' ? sealEnvelope(flat) : Buffer.from(JSON.stringify(flat));
}

/**
 * Reads both versions.
 * @throws MalformedMessage when the body is no JSON object
 * @throws UnsupportedRpcEnvelopeVersion when its envelope is too new
 */
export function decodeNotification(body: Buffer): WireNotification {
  const { payload, ctxt, uniqueId } = unpackMessage(openEnvelope(body));
  return { message: payload, ctxt, ...(uniqueId !== undefined && { uniqueId }) };
}

/** Told once, when the notification is settled. */
type OnSettled = (notification: RabbitIncomingNotification, handled: boolean) => void;

/** A notification that was delivered and waits for its receiver's word. */
export class RabbitIncomingNotification implements IncomingNotification {
  readonly ctxt: JsonObject;
  readonly message: JsonObject;
  readonly uniqueId: string | undefined;
  /** The same notification may come again while it is in hand: then the channel it came by first is closed. */
  readonly #deliveries: Delivery[];
  readonly #onSettled: OnSettled;
  #settled = false;
  #requeueTimer: NodeJS.Timeout | undefined;

  constructor(wire: WireNotification, delivery: Delivery, onSettled: OnSettled) {
    this.ctxt = wire.ctxt;
    this.message = wire.message;
    this.uniqueId = wire.uniqueId;
    this.#deliveries = [delivery];
    this.#onSettled = onSettled;
  }

  addDelivery(delivery: Delivery): void {
    this.#deliveries.push(delivery);
  }

  acknowledge(): void {
    if (this.#settled) return;
    this.#settled = true;
    for (const delivery of this.#deliveries) acknowledgeDelivery(delivery);
    this.#onSettled(this, true);
  }

  requeue(): void {
    if (this.#settled) return;
    this.#settled = true;
    const again = this.#deliveries.some(({ message }) => message.fields.redelivered);
    if (!again) this.#giveBack();
    else this.#requeueTimer = setTimeout(() => this.#giveBack(), REQUEUE_PAUSE).unref();
  }

  /** Ends the pause before it is given back. */
  hurry(): void {
    if (this.#requeueTimer !== undefined) this.#giveBack();
  }

  #giveBack(): void {
    clearTimeout(this.#requeueTimer);
    this.#requeueTimer = undefined;
    for (const delivery of this.#deliveries) requeueDelivery(delivery);
    this.#onSettled(this, false);
  }
}

export function acknowledgeDelivery({ channel, message, queue }: Delivery): void {
  queue.unacknowledged -= 1;
  // On a channel that is closed it fails: the broker delivers the notification again, and the listener knows it.
  acknowledge(channel, message.fields.deliveryTag);
}

export function requeueDelivery({ channel, message, queue }: Delivery): void {
  queue.unacknowledged -= 1;
  try {
    channel.nack(message, false, true);
  } catch (error) {
    // On a closed channel: the broker has done so already.
    if (!(error instanceof IllegalOperationError)) throw error;
  }
}
