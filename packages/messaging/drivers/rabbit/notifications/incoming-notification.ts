import { IllegalOperationError } from 'amqplib';
import type { JsonObject } from '../../../json.ts';
import type { OutgoingNotification } from '../../notification-driver.ts';
import type { Delivery } from '../consume/delivery.ts';
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

/** Reads both versions. @throws as `openEnvelope` */
export function decodeNotification(body: Buffer): WireNotification {
  const { payload, ctxt, uniqueId } = unpackMessage(openEnvelope(body));
  return { message: payload, ctxt, ...(uniqueId !== undefined && { uniqueId }) };
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
