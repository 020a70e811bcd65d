import type { Options } from 'amqplib';

/** RabbitMQ takes an expiration of at most 32 bits. */
const EXPIRATION_MAX = 0xffff_ffff;

/** The properties of every message: JSON text, persistent. */
export function publishOptions(more: { expiration?: number; mandatory?: boolean } = {}): Options.Publish {
  const options: Options.Publish = {
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    deliveryMode: 2,
    priority: 0,
    headers: {},
  };
  if (more.expiration !== undefined) options.expiration = expirationText(more.expiration);
  if (more.mandatory) options.mandatory = true;
  return options;
}

/** Milliseconds as the text the property carries. */
export function expirationText(milliseconds: number): string {
  return String(Math.min(Math.max(Math.trunc(milliseconds), 0), EXPIRATION_MAX));
}
