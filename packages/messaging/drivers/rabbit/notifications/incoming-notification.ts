import { IllegalOperationError } from 'amqplib';
import type { JsonObject } from '../../../json.ts';
import { HeldNotification, type OutgoingNotification } from '../../notification-driver.ts';
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

/** A notification that came from a queue. */
export class RabbitIncomingNotification extends HeldNotification {
  readonly ctxt: JsonObject;
  readonly message: JsonObject;
  readonly uniqueId: string | undefined;
  /** The same notification may come again while it is in hand: then the channel it came by first is closed. */
  readonly #deliveries: Delivery[];
  readonly #onSettled: OnSettled;

  constructor(wire: WireNotification, delivery: Delivery, onSettled: OnSettled) {
    super();
    this.ctxt = wire.ctxt;
    this.message = wire.message;
    this.uniqueId = wire.uniqueId;
    this.#deliveries = [delivery];
    this.#onSettled = onSettled;
  }

  addDelivery(delivery: Delivery): void {
    this.#deliveries.push(delivery);
  }

  protected get redelivered(): boolean {
    return this.#deliveries.some(({ message }) => message.fields.redelivered);
  }

  protected end(handled: boolean): void {
    this.#deliveries.forEach(handled ? acknowledgeDelivery : requeueDelivery);
    this.#onSettled(this, handled);
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
